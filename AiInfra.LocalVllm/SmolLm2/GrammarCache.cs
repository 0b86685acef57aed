using System.Text.Json;
using AiInfra.LocalVllm.Engine;

namespace AiInfra.LocalVllm.SmolLm2;

/// <summary>Compiled grammars of the last requests, so that a schema sent with every call is read once.</summary>
/// <remarks>Compiling is safe from any thread; the automata that it hands out belong to the engine's thread.</remarks>
internal sealed class GrammarCache
{
    /// <summary>Each may keep some megabytes of positions.</summary>
    private const int MaxGrammars = 8;

    private readonly Lock _gate = new();
    private readonly LinkedList<(OutputConstraint Constraint, GrammarAutomaton Automaton)> _recent = [];

    /// <exception cref="GrammarException">The constraint cannot be kept.</exception>
    public GrammarAutomaton Get(OutputConstraint constraint)
    {
        lock (_gate)
        {
            for (var node = _recent.First; node is not null; node = node.Next)
            {
                if (node.Value.Constraint == constraint)
                {
                    _recent.Remove(node);
                    _recent.AddFirst(node);
                    return node.Value.Automaton;
                }
            }
        }

        var automaton = new GrammarAutomaton(Compile(constraint));
        lock (_gate)
        {
            _recent.AddFirst((constraint, automaton));
            if (_recent.Count > MaxGrammars)
            {
                _recent.RemoveLast();
            }
        }

        return automaton;
    }

    private static GrammarNode Compile(OutputConstraint constraint) => constraint.Kind switch
    {
        ConstraintKind.JsonObject => JsonText.Object,
        ConstraintKind.JsonSchema => JsonSchemaGrammar.Compile(constraint.Definition),
        ConstraintKind.Regex => RegexGrammar.Whole(constraint.Definition),
        ConstraintKind.Choice => Choice(constraint.Definition),
        ConstraintKind.ToolCall => ToolCallGrammar.Compile(constraint.Definition),
        _ => throw new GrammarException($"Grammars of the kind '{constraint.Kind}' are not supported by this engine."),
    };

    private static ChoiceNode Choice(string definition)
    {
        using var document = JsonDocument.Parse(definition);
        return new ChoiceNode([.. document.RootElement.EnumerateArray().Select(option => option.ValueKind == JsonValueKind.String
            ? GrammarText.Literal(option.GetString()!)
            : throw new GrammarException("Every choice must be a string."))]);
    }
}
