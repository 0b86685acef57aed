using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Replicas;

[OptionsValidator]
internal sealed partial class ReplicaOptionsValidator : IValidateOptions<ReplicaOptions>;
