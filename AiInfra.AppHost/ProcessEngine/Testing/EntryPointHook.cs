namespace Projects
{
    /// <summary>The AppHost, for tests.</summary>
    internal sealed class AiInfra_AppHost
    {
        private AiInfra_AppHost()
        {
        }

        public static string ProjectPath => AiInfra.AppHost.Prerequisites.BuiltServices.AppHostDirectory;
    }
}

namespace Aspire.Hosting.Testing
{
    /// <summary>
    /// Runs an AppHost's entry point inside a test: the builder is handed over when the entry point calls Build, Build goes on when the test
    /// asks for it, and Run returns when the test disposes of the application.
    /// </summary>
    internal sealed class EntryPointHook(string[] arguments)
    {
        private static readonly AsyncLocal<EntryPointHook?> Flowing = new();

        private readonly TaskCompletionSource<DistributedApplicationBuilder> _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<DistributedApplication> _built = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _buildWanted = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private DistributedApplicationBuilder? _builder;

        public static EntryPointHook? Current => Flowing.Value;

        public string[] Arguments { get; } = arguments;

        public bool HasEntryPoint { get; private set; }

        /// <summary>A builder without an entry point, for a model that the test writes itself.</summary>
        public DistributedApplicationBuilder CreateBuilder()
        {
            Flowing.Value = this;
            try
            {
                _buildWanted.SetResult();
                return new DistributedApplicationBuilder([]);
            }
            finally
            {
                Flowing.Value = null;
            }
        }

        public Task<DistributedApplicationBuilder> RunEntryPoint(Type entryPoint, CancellationToken cancellationToken)
        {
            HasEntryPoint = true;
            var main = entryPoint.Assembly.EntryPoint ?? throw new DistributedApplicationException($"{entryPoint.Assembly.GetName().Name} has no entry point.");
            Flowing.Value = this;
            try
            {
                new Thread(() => Run(main)) { IsBackground = true, Name = "AppHost entry point" }.Start();
            }
            finally
            {
                Flowing.Value = null;
            }

            return _complete.Task.WaitAsync(cancellationToken);
        }

        public Task<DistributedApplication> BuildAsync(CancellationToken cancellationToken)
        {
            _buildWanted.TrySetResult();
            return _built.Task.WaitAsync(cancellationToken);
        }

        public Task WaitForDisposalAsync() => _disposed.Task;

        internal void OnCreated(DistributedApplicationBuilder builder) => _builder = builder;

        internal void BeforeBuild()
        {
            _complete.TrySetResult(_builder!);
            _buildWanted.Task.GetAwaiter().GetResult();
        }

        internal void OnBuilt(DistributedApplication application) => _built.TrySetResult(application);

        internal void OnDisposed()
        {
            _disposed.TrySetResult();
            _buildWanted.TrySetCanceled();
        }

        private void Run(System.Reflection.MethodInfo main)
        {
            try
            {
                main.Invoke(null, main.GetParameters().Length == 0 ? null : [Array.Empty<string>()]);
                _complete.TrySetException(new DistributedApplicationException("The entry point ended without building an application."));
            }
            catch (System.Reflection.TargetInvocationException problem)
            {
                _complete.TrySetException(problem.InnerException!);
                _built.TrySetException(problem.InnerException!);
            }
        }
    }
}
