namespace AiInfra.Gateway.Augmentation;

/// <summary>Words of the user in a chat's body.</summary>
/// <param name="Name">A hash of everything up to them: the same when the client sends the conversation again, longer by a turn.</param>
/// <param name="InsertAt">Where in the body their text begins, inside its quotes.</param>
/// <param name="Text">The words.</param>
internal sealed record UserTurn(string Name, int InsertAt, string Text);
