using System;

namespace AgentOtel.Tests
{
    internal static class Program
    {
        private static int Main(string[] arguments)
        {
            string first = arguments.Length > 0 ? arguments[0] : null;
            switch (first)
            {
                case "exit":
                    return Processes.ExitWithCallbacks();
                case "version":
                    Console.WriteLine(AgentOtelLibrary.Version);
                    return 0;
                case "path":
                    AgentOtelLibrary.Path = arguments[1];
                    Console.WriteLine(AgentOtelLibrary.Version);
                    return 0;
                case "stress":
                    return Check.RunAll(null, typeof(Stress));
                default:
                    return Check.RunAll(first, typeof(Behaviour), typeof(CallbackClaims), typeof(Garbage), typeof(Processes), typeof(Logging));
            }
        }
    }
}
