using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;

namespace AgentOtel.Tests
{
    // Claims, each a public static method, run one after the other.
    internal static class Check
    {
        private static int failures;

        internal static void That(bool holds, string what)
        {
            if (!holds)
            {
                throw new InvalidOperationException(what);
            }
        }

        internal static void Equal<T>(T expected, T actual, string what)
        {
            That(EqualityComparer<T>.Default.Equals(expected, actual), what + ": expected " + expected + ", got " + actual);
        }

        internal static void Contains(string part, string whole)
        {
            That(whole != null && whole.Contains(part), "no " + part + " in " + whole);
        }

        internal static T Throws<T>(Action action) where T : Exception
        {
            try
            {
                action();
            }
            catch (T expected)
            {
                return expected;
            }
            throw new InvalidOperationException("expected " + typeof(T).Name);
        }

        internal static void Eventually(Func<bool> holds, string what)
        {
            var watch = Stopwatch.StartNew();
            while (!holds())
            {
                That(watch.Elapsed < TimeSpan.FromSeconds(60), "not within a minute: " + what);
                Thread.Sleep(10);
            }
        }

        // Runs the methods of some classes, or those whose name has a given part.
        internal static int RunAll(string part, params Type[] types)
        {
            int count = 0;
            foreach (var method in types.SelectMany(type => type.GetMethods()).Where(method => method.IsStatic))
            {
                if (part != null && !method.Name.Contains(part))
                {
                    continue;
                }
                count++;
                try
                {
                    method.Invoke(null, null);
                    Console.WriteLine("ok    " + method.Name);
                }
                catch (Exception exception)
                {
                    failures++;
                    Console.WriteLine("FAIL  " + method.Name + ": " + (exception.InnerException ?? exception));
                }
            }
            Console.WriteLine(count + " claims, " + failures + " failed");
            return failures == 0 && count > 0 ? 0 : 1;
        }
    }
}
