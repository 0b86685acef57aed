using System.Globalization;

namespace AiInfra.Bench.Memory;

/// <summary>Plain sentences out of lists of words: as many as wanted, the same for the same seed, none of them anybody's.</summary>
internal static class SyntheticText
{
    private static readonly string[] People = "Alba Boris Chloe Dario Edda Farid Greta Hugo Inga Jonas Kira Levin Mona Nils Olga Pavel Quinn Rosa Sven Tara Umar Vera Wanda Yusuf Zoe Arne Berta Cyril Doris Emil".Split(' ');
    private static readonly string[] Places = "Ghent Lyon Porto Bergen Krakow Turin Malmo Graz Leipzig Bilbao Tartu Split Cork Basel Utrecht Brno Pecs Vilnius Cadiz Aarhus harbour library museum station market garden cellar office workshop bakery".Split(' ');
    private static readonly string[] Things = "bicycle violin kettle lantern backpack telescope sweater notebook suitcase camera guitar blanket umbrella clock teapot carpet ladder microscope passport keyboard radio printer compass hammer mirror candle puzzle helmet wallet ticket".Split(' ');
    private static readonly string[] Deeds = "repaired bought sold lost found painted borrowed returned photographed described cleaned packed hid measured ordered forgot admired carried sketched polished".Split(' ');
    private static readonly string[] Traits = "old red broken heavy tiny green expensive famous wooden silver striped dusty bright cheap round rusty soft black antique modern".Split(' ');
    private static readonly string[] Reasons = "because the weather was bad|before the long holiday|after the concert|while the others slept|for a birthday in June|to win a bet|during the strike|since the lift was out of order|without telling anyone|on the advice of a doctor|for the third time this year|with money from the raffle".Split('|');

    public static string Sentence(Random random)
    {
        var (person, deed, trait, thing, place, reason) = (One(People, random), One(Deeds, random), One(Traits, random), One(Things, random), One(Places, random), One(Reasons, random));
        return random.Next(4) switch
        {
            0 => $"{person} {deed} the {trait} {thing} in the {place} {reason}.",
            1 => $"In the {place}, {person} {deed} a {trait} {thing} {reason}.",
            2 => $"I heard that {person} {deed} {One(People, random)}'s {trait} {thing} near the {place} {reason}.",
            _ => $"The {trait} {thing} that {person} {deed} {reason} is kept in the {place} now.",
        };
    }

    public static string Question(Random random) => random.Next(4) switch
    {
        0 => $"What did {One(People, random)} do with the {One(Traits, random)} {One(Things, random)}?",
        1 => $"Where is the {One(Things, random)} that {One(People, random)} {One(Deeds, random)} {One(Reasons, random)}?",
        2 => $"Who {One(Deeds, random)} a {One(Traits, random)} {One(Things, random)} in the {One(Places, random)}?",
        _ => $"Why was the {One(Things, random)} of {One(People, random)} {One(Deeds, random)} near the {One(Places, random)}?",
    };

    /// <summary>Some words more, so that no two memories read alike.</summary>
    public static string Detail(Random random, int number) =>
        string.Create(CultureInfo.InvariantCulture, $"Note {number}: {One(Traits, random)} {One(Things, random)}, {One(Places, random)}.");

    public static string Person(Random random) => One(People, random);

    private static string One(string[] words, Random random) => words[random.Next(words.Length)];
}
