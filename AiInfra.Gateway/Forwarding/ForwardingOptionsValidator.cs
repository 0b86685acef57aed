using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Forwarding;

[OptionsValidator]
internal sealed partial class ForwardingOptionsValidator : IValidateOptions<ForwardingOptions>;
