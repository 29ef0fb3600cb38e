using System;
using System.Diagnostics;
using System.IO;

namespace AgentOtel.Tests
{
    public static class Processes
    {
        private static string Own
        {
            get { return typeof(Processes).Assembly.Location; }
        }

        // How a program like this one is started: by mono or dotnet, or by itself.
        private static string Run(string assembly, string arguments, string library, out int code)
        {
            string host = Environment.GetEnvironmentVariable("AGENTOTEL_TEST_HOST") ?? "mono";
            var start = new ProcessStartInfo(host, "\"" + assembly + "\" " + arguments)
            {
                RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false,
            };
            start.EnvironmentVariables.Remove("AGENTOTEL_LIBRARY");
            start.EnvironmentVariables.Remove("LD_LIBRARY_PATH");
            if (library != null)
            {
                start.EnvironmentVariables["AGENTOTEL_LIBRARY"] = library;
            }
            using (Process process = Process.Start(start))
            {
                var errors = process.StandardError.ReadToEndAsync();
                string output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                code = process.ExitCode;
                return output + errors.Result;
            }
        }

        private static string Library
        {
            get { return Environment.GetEnvironmentVariable("AGENTOTEL_LIBRARY"); }
        }

        public static void TheLibraryIsFoundByVariablePathAndPlace()
        {
            string version = AgentOtelLibrary.Version + "\n";
            Check.Equal(version, Run(Own, "version", Library, out int code), "variable");
            Check.Equal(version, Run(Own, "path \"" + Library + "\"", "/nowhere/x.so", out code), "path");
            Check.Contains("DllNotFoundException", Run(Own, "version", "/nowhere/libagentotel.so", out code));
            Check.That(code != 0, "not found");
            string directory = Path.Combine(Path.GetTempPath(), "agentotel-csharp-" + Guid.NewGuid().ToString("N"));
            bool isArm = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture ==
                System.Runtime.InteropServices.Architecture.Arm64;
            string native = Path.Combine(directory, "runtimes", isArm ? "linux-arm64" : "linux-x64", "native");
            Directory.CreateDirectory(native);
            try
            {
                foreach (string file in Directory.GetFiles(Path.GetDirectoryName(Own), "*.dll"))
                {
                    File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
                }
                string copy = Path.Combine(directory, Path.GetFileName(Own));
                if (!File.Exists(copy))
                {
                    File.Copy(Own, copy);
                }
                Check.Contains("DllNotFoundException", Run(copy, "version", null, out code));
                File.Copy(Library, Path.Combine(native, "libagentotel.so"));
                Check.Equal(version, Run(copy, "version", null, out code), "runtimes/{rid}/native");
                File.Move(Path.Combine(native, "libagentotel.so"), Path.Combine(directory, "libagentotel.so"));
                Check.Equal(version, Run(copy, "version", null, out code), "beside the assembly");
            }
            finally
            {
                Directory.Delete(directory, true);
            }
        }

        public static void AProcessThatJustEndsDeliversToItsOwnFunctions()
        {
            string said = Run(Own, "exit", Library, out int code);
            Check.Equal(0, code, said);
            Check.Contains("exported 2", said);
        }

        // Leaves without a shutdown, with everything registered that can be.
        internal static int ExitWithCallbacks()
        {
            long items = 0;
            Callbacks.RegisterExporter("at-exit", batch =>
            {
                items += batch.ItemCount;
                Console.WriteLine("exported " + items);
                return ExportResult.Ok;
            });
            Callbacks.SetDiagnosticHandler(diagnostic => Console.WriteLine(diagnostic.Text));
            Callbacks.RegisterSampler("at-exit", question => SamplingResult.Keep);
            AgentOtelClient client = AgentOtelClient.Start(
                "{\"exporters\":[{\"type\":\"host\",\"callback\":\"at-exit\",\"batch\":{\"delay_ms\":60000}}],\"sampler\":{\"type\":\"host\",\"name\":\"at-exit\"}}");
            Session session = client.StartSession();
            session.Record(new CustomDetail("last words"));
            return 0;
        }
    }
}
