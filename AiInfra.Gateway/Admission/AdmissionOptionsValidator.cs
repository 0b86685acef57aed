using Microsoft.Extensions.Options;

namespace AiInfra.Gateway.Admission;

[OptionsValidator]
internal sealed partial class AdmissionOptionsValidator : IValidateOptions<AdmissionOptions>;
