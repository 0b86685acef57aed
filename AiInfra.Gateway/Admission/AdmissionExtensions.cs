namespace AiInfra.Gateway.Admission;

internal static class AdmissionExtensions
{
    public static void AddAdmission(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptionsWithValidateOnStart<AdmissionOptions, AdmissionOptionsValidator>().BindConfiguration(AdmissionOptions.Section);
        builder.Services.AddSingleton<AdmissionGates>();
    }
}
