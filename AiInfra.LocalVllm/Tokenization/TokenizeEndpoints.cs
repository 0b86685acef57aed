using System.Text;
using System.Text.Json;
using AiInfra.LocalVllm.Chat;
using AiInfra.LocalVllm.Engine;
using AiInfra.LocalVllm.Http;
using AiInfra.LocalVllm.Models;
using AiInfra.LocalVllm.Serving;

namespace AiInfra.LocalVllm.Tokenization;

/// <summary><c>POST /tokenize</c>, <c>POST /detokenize</c> and, by flag, <c>GET /tokenizer_info</c>.</summary>
internal sealed class TokenizeEndpoints(IInferenceEngine engine, ServedModels models, ServeSettings settings)
{
    public void Map(RouteTable routes)
    {
        routes.Map("POST", "/tokenize", TokenizeAsync);
        routes.Map("POST", "/detokenize", DetokenizeAsync);
        if (settings.TokenizerInfoEndpoint)
        {
            routes.Map("GET", "/tokenizer_info", context => Replies.JsonAsync(context, 200, WriteInfo));
        }
    }

    private async Task TokenizeAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        var model = body.Text("model");
        var strings = body.Flag("return_token_strs", false);
        int[] tokens;
        if (body.Has("messages"))
        {
            var turns = TurnReader.Read(body, models.Primary);
            var addGenerationPrompt = body.Flag("add_generation_prompt", true);
            var continueFinal = body.Flag("continue_final_message", false);
            body.Issues.ThrowIfAny();
            models.Resolve(model);
            if (turns.Count == 0)
            {
                throw ApiError.BadRequest("Cannot apply chat template to an empty conversation. Provide at least one message.", null);
            }

            tokens = engine.Tokenizer.EncodeChat(turns, addGenerationPrompt && !continueFinal, continueFinal);
        }
        else
        {
            var prompt = body.Required("prompt");
            if (prompt is null)
            {
                body.Required("messages");
            }

            body.Issues.ThrowIfAny();
            models.Resolve(model);
            tokens = engine.Tokenizer.Encode(prompt is { ValueKind: JsonValueKind.String } text ? FieldReader.TextOf(text) : "");
        }

        await Replies.JsonAsync(context, 200, json => WriteTokens(json, tokens, strings));
    }

    private void WriteTokens(Utf8JsonWriter json, int[] tokens, bool strings)
    {
        json.WriteStartObject();
        json.WriteNumber("count", tokens.Length);
        json.WriteNumber("max_model_len", engine.Model.MaxModelLength);
        ChatReplyWriter.WriteTokens(json, "tokens", tokens);
        if (strings)
        {
            json.WriteStartArray("token_strs");
            foreach (var token in tokens)
            {
                json.WriteStringValue(engine.Tokenizer.Spelling(token));
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteNull("token_strs");
        }

        json.WriteEndObject();
    }

    private async Task DetokenizeAsync(HttpContext context)
    {
        using var document = await JsonBody.ReadAsync(context);
        var body = FieldReader.ForBody(document.RootElement);
        var model = body.Text("model");
        body.Required("tokens");
        var tokens = body.Integers("tokens");
        body.Issues.ThrowIfAny();
        models.Resolve(model);
        await Replies.JsonAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt", Text(tokens ?? []));
            json.WriteEndObject();
        });
    }

    private string Text(IReadOnlyList<int> tokens)
    {
        var bytes = new List<byte>(tokens.Count * 4);
        foreach (var token in tokens)
        {
            bytes.AddRange(engine.Tokenizer.IsSpecial(token) ? Encoding.UTF8.GetBytes(engine.Tokenizer.Spelling(token)) : engine.Tokenizer.Bytes(token));
        }

        return Encoding.UTF8.GetString([.. bytes]);
    }

    private void WriteInfo(Utf8JsonWriter json)
    {
        var tokenizer = engine.Tokenizer;
        json.WriteStartObject();
        json.WriteString("tokenizer_class", tokenizer.GetType().Name);
        json.WriteString("backend", "tokenizers");
        json.WriteString("bos_token", tokenizer.Spelling(1));
        json.WriteString("eos_token", tokenizer.Spelling(tokenizer.EndOfTurn));
        json.WriteBoolean("is_local", true);
        json.WriteBoolean("local_files_only", true);
        json.WritePropertyName("model_max_length");
        // What transformers says for "no limit".
        json.WriteRawValue("1000000000000000019884624838656");
        json.WriteString("pad_token", tokenizer.Spelling(tokenizer.EndOfTurn));
        json.WriteString("unk_token", tokenizer.Spelling(0));
        json.WriteString("chat_template", tokenizer.ChatTemplate);
        json.WriteString("truncation_side", "left");
        json.WriteString("name_or_path", settings.Model);
        json.WriteStartObject("added_tokens_decoder");
        for (var token = 0; tokenizer.IsSpecial(token); token++)
        {
            json.WriteString(token.ToString(System.Globalization.CultureInfo.InvariantCulture), tokenizer.Spelling(token));
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }
}
