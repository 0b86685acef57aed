using System.Runtime.InteropServices;

namespace AiInfra.AppHost.Prerequisites;

/// <summary>The <c>dotnet</c> that runs this process: children need no PATH and no DOTNET_ROOT to find the same one.</summary>
internal static class DotnetHost
{
    // <root>/shared/Microsoft.NETCore.App/<version>/ is where the runtime of this process lies.
    public static string Path { get; } = System.IO.Path.GetFullPath(System.IO.Path.Combine(
        RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));
}
