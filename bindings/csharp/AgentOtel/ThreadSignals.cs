using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AgentOtel
{
    // The library's threads block all signals. Once one of them has called managed code the runtime counts it among its own, and
    // stops those for a collection by signals: Mono waits for each to answer. So a thread lets them through from its first
    // callback on.
    internal static unsafe class ThreadSignals
    {
        private const int Unblock = 1;
        private const int Words = 16;
        private const int PowerFailure = 30;
        private const int CpuLimit = 24;
        private const int FirstRealTime = 34;
        private const int LastRealTime = 64;

        [ThreadStatic]
        private static bool isDone;

        internal static void LetThrough()
        {
            if (!isDone)
            {
                isDone = true;
                if (RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
                {
                    LetThroughOnce();
                }
            }
        }

        [MethodImpl(MethodImplOptions.NoInlining)]
        private static void LetThroughOnce()
        {
            // A sigset_t has a bit for each signal, the first one for signal 1; glibc's and musl's have 1,024.
            ulong* set = stackalloc ulong[Words];
            for (int i = 0; i < Words; i++)
            {
                set[i] = 0;
            }
            set[0] = Bit(PowerFailure) | Bit(CpuLimit);
            for (int signal = FirstRealTime; signal <= LastRealTime; signal++)
            {
                set[0] |= Bit(signal);
            }
            pthread_sigmask(Unblock, set, null);
        }

        private static ulong Bit(int signal)
        {
            return 1UL << (signal - 1);
        }

        [DllImport("libc", CallingConvention = CallingConvention.Cdecl, ExactSpelling = true)]
        private static extern int pthread_sigmask(int how, ulong* set, ulong* old);
    }
}
