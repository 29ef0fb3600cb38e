using System;
using System.IO;
using System.Reflection;
using System.Runtime.InteropServices;

namespace AgentOtel
{
    /// <summary>
    /// The native library, <c>libagentotel.so</c>. It is looked for, at the first call, where <see cref="Path"/> says, then
    /// where the environment variable <c>AGENTOTEL_LIBRARY</c> says, then in <c>runtimes/{rid}/native</c> beside this assembly
    /// and beside the program, then beside this assembly, then where the system looks.
    /// </summary>
    public static unsafe class AgentOtelLibrary
    {
        /// <summary>Where the library is; to be set before the first call.</summary>
        public static string Path
        {
            get { return Native.Library.Path; }
            set { Native.Library.Path = value; }
        }

        /// <summary>The library's version, such as <c>0.1.0</c>.</summary>
        public static string Version
        {
            get { return Arena.ReadTerminated(Native.Functions.agentotel_version()); }
        }

        /// <summary>The version of the binary interface that the loaded library serves.</summary>
        public static int AbiVersion
        {
            get { return (int)Native.Functions.agentotel_abi_version(); }
        }

        /// <summary>What went wrong in this thread's last failed call, in words; exceptions have them.</summary>
        public static string LastError
        {
            get
            {
                Arena arena = Arena.Current;
                Arena.Mark mark = arena.Here();
                try
                {
                    Native.TextBuffer* text = arena.TextBuffer(1024);
                    while (Native.Functions.agentotel_last_error(text->data, text->capacity, &text->needed) != 0)
                    {
                        arena.Widen(text);
                    }
                    return Arena.Read(text);
                }
                finally
                {
                    arena.Release(mark);
                }
            }
        }

        /// <summary>The name of a status in the C interface, such as <c>AGENTOTEL_ERR_QUEUE_FULL</c>.</summary>
        public static string StatusName(AgentOtelStatus status)
        {
            return Arena.ReadTerminated(Native.Functions.agentotel_status_name((int)status));
        }
    }
}

namespace AgentOtel.Native
{
#if NET8_0_OR_GREATER
    internal static unsafe partial class Functions
    {
        // Before the first call of any of them.
        static Functions()
        {
            Library.Prepare();
        }
    }
#endif

    // Finds the library's file. .NET asks when it needs it; Mono is told; .NET Framework does not run where the library does.
    internal static class Library
    {
        internal const string Name = "agentotel";
        private const string FileName = "libagentotel.so";
        private const string Variable = "AGENTOTEL_LIBRARY";

#if !NET8_0_OR_GREATER
        private static readonly object Preparing = new object();
        private static bool isReady;
#endif

        internal static string Path { get; set; }

#if !NET8_0_OR_GREATER
        [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.AggressiveInlining)]
        internal static void Ready()
        {
            if (!isReady)
            {
                PrepareOnce();
            }
        }

        private static void PrepareOnce()
        {
            lock (Preparing)
            {
                if (!isReady)
                {
                    Prepare();
                    System.Threading.Volatile.Write(ref isReady, true);
                }
            }
        }
#endif

        internal static void Prepare()
        {
#if NET8_0_OR_GREATER
            NativeLibrary.SetDllImportResolver(typeof(Library).Assembly, Resolve);
#else
            if (Type.GetType("Mono.Runtime") != null)
            {
                string found = Find();
                if (found != null)
                {
                    MapForMono(found);
                }
                return;
            }
            AskedByReflection();
#endif
        }

        // A file that is named has to be there: nothing else is taken in its place.
        internal static string Find()
        {
            string named = Path ?? Environment.GetEnvironmentVariable(Variable);
            if (!string.IsNullOrEmpty(named))
            {
                return System.IO.Path.GetFullPath(named);
            }
            string own = Directory();
            foreach (string directory in new[] { own, AppDomain.CurrentDomain.BaseDirectory })
            {
                if (string.IsNullOrEmpty(directory))
                {
                    continue;
                }
                string packaged = System.IO.Path.Combine(directory, "runtimes", Rid(), "native", FileName);
                if (File.Exists(packaged))
                {
                    return packaged;
                }
                string beside = System.IO.Path.Combine(directory, FileName);
                if (File.Exists(beside))
                {
                    return beside;
                }
            }
            return null;
        }

        internal static string Rid()
        {
            return RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? "linux-arm64" : "linux-x64";
        }

        private static string Directory()
        {
#if NET8_0_OR_GREATER
            // Empty in a single file.
            return AppContext.BaseDirectory;
#else
            string location = typeof(Library).Assembly.Location;
            return string.IsNullOrEmpty(location) ? null : System.IO.Path.GetDirectoryName(location);
#endif
        }

#if NET8_0_OR_GREATER
        private static IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? search)
        {
            if (name != Name)
            {
                return IntPtr.Zero;
            }
            string found = Find();
            return found == null ? IntPtr.Zero : NativeLibrary.Load(found);
        }
#else
        [DllImport("__Internal")]
        private static extern void mono_dllmap_insert(
            IntPtr image, string library, string function, string actual, string actualFunction);

        private static void MapForMono(string found)
        {
            mono_dllmap_insert(IntPtr.Zero, Name, null, found, null);
        }

        // The same assembly on .NET Core 3 and later, which asks a resolver that netstandard2.0 has no name for.
        private static void AskedByReflection()
        {
            Type loader = Type.GetType("System.Runtime.InteropServices.NativeLibrary, System.Runtime.InteropServices") ??
                Type.GetType("System.Runtime.InteropServices.NativeLibrary");
            MethodInfo set = loader == null ? null : loader.GetMethod("SetDllImportResolver");
            if (set == null)
            {
                return;
            }
            MethodInfo load = loader.GetMethod("Load", new[] { typeof(string) });
            Type resolver = set.GetParameters()[1].ParameterType;
            MethodInfo resolve = typeof(Asked).GetMethod(nameof(Asked.Resolve));
            set.Invoke(null, new object[] { typeof(Library).Assembly, Delegate.CreateDelegate(resolver, new Asked(load), resolve) });
        }

        private sealed class Asked
        {
            private readonly MethodInfo load;

            internal Asked(MethodInfo load)
            {
                this.load = load;
            }

            public IntPtr Resolve(string name, Assembly assembly, DllImportSearchPath? search)
            {
                string found = name == Name ? Find() : null;
                return found == null ? IntPtr.Zero : (IntPtr)load.Invoke(null, new object[] { found });
            }
        }
#endif
    }
}
