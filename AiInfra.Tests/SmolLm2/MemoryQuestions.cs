namespace AiInfra.Tests.SmolLm2;

/// <summary>Questions whose answer is in one of three memories, and a word that a right answer contains.</summary>
internal static class MemoryQuestions
{
    public static IReadOnlyList<(string[] Memories, string Question, string Expected)> All { get; } =
    [
        .. Ask(["The user's horse is called Comet.", "The user works as a baker in Bruges.", "The user dislikes olives."],
            ("What is the name of my horse?", "Comet"), ("In which city do I work?", "Bruges"), ("What do I dislike?", "olives")),
        .. Ask(["The user plays the violin.", "The user's sister is called Nora.", "The user was born in Porto."],
            ("Which instrument do I play?", "violin"), ("What is my sister's name?", "Nora"), ("Where was I born?", "Porto")),
        .. Ask(["The project is called Lighthouse.", "The project's deadline is 9 October.", "The customer is a shipyard in Gdansk."],
            ("What is the name of the project?", "Lighthouse"), ("When is the deadline of the project?", "October"), ("Who is the customer?", "shipyard")),
        .. Ask(["The user is allergic to shellfish.", "The user's favourite colour is green.", "The user drives a red van."],
            ("What am I allergic to?", "shellfish"), ("What is my favourite colour?", "green"), ("What do I drive?", "van")),
        .. Ask(["The user lives in Tartu.", "The user's cat is called Pepper.", "The user is learning Italian."],
            ("In which city do I live?", "Tartu"), ("What is my cat called?", "Pepper"), ("Which language am I learning?", "Italian")),
        .. Ask(["The user's manager is Ingrid.", "The team has seven members.", "The office is on the fourth floor."],
            ("Who is my manager?", "Ingrid"), ("How many members does the team have?", "seven"), ("On which floor is the office?", "fourth")),
        .. Ask(["The user's doctor is Dr. Moreau.", "The user is a vegetarian.", "The user's birthday is 3 June."],
            ("What is the name of my doctor?", "Moreau"), ("When is my birthday?", "June"), ("Am I a vegetarian?", "vegetarian")),
        .. Ask(["The hotel is called Bellevue.", "The train leaves at 8:15.", "Marta travels with the user."],
            ("What is the hotel called?", "Bellevue"), ("When does the train leave?", "8:15"), ("Who travels with me?", "Marta")),
        .. Ask(["The staging server is called otter.", "The database is MariaDB.", "Backups are kept for 30 days."],
            ("What is the staging server called?", "otter"), ("Which database is used?", "MariaDB"), ("How long are backups kept?", "30")),
        .. Ask(["The user studied geology.", "The user's wife is called Clara.", "The user keeps ducks."],
            ("What did I study?", "geology"), ("What is my wife's name?", "Clara"), ("Which animals do I keep?", "ducks")),
    ];

    private static IEnumerable<(string[] Memories, string Question, string Expected)> Ask(
        string[] memories, params (string Question, string Expected)[] questions) =>
        questions.Select(item => (memories, item.Question, item.Expected));
}
