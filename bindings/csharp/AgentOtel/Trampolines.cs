using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace AgentOtel
{
    // What the library calls: static functions that find what is meant by its number, and let nothing out.
    internal static unsafe class Trampolines
    {
#if NET8_0_OR_GREATER
        internal static readonly IntPtr ExportBatch =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, Native.ExportBatch*, Native.ExportAnswer*, uint>)&OnExportBatch;

        internal static readonly IntPtr Format =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, uint, Native.Str, byte*, UIntPtr, UIntPtr*, int>)&OnFormat;

        internal static readonly IntPtr ProvideHeaders =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, void*, int>)&OnProvideHeaders;

        internal static readonly IntPtr ShouldSample =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, Native.SamplingQuestion*, Native.SamplingAnswer*, uint>)&OnShouldSample;

        internal static readonly IntPtr Inject =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, Native.Injectee*, void*, void>)&OnInject;

        internal static readonly IntPtr Observe = (IntPtr)(delegate* unmanaged[Cdecl]<void*, void*, void>)&OnObserve;

        internal static readonly IntPtr HandleDiagnostic =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, Native.Diagnostic*, void>)&OnDiagnostic;

        internal static readonly IntPtr VisitBaggage =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, Native.Str, Native.Str, Native.Str, void>)&OnVisitBaggage;

        internal static readonly IntPtr CarrierGet =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, Native.Str, UIntPtr, Native.Str*, int>)&OnCarrierGet;

        internal static readonly IntPtr CarrierSet =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, Native.Str, Native.Str, int>)&OnCarrierSet;

        internal static readonly IntPtr CarrierKeyAt =
            (IntPtr)(delegate* unmanaged[Cdecl]<void*, UIntPtr, Native.Str*, int>)&OnCarrierKeyAt;

        internal static readonly IntPtr Destroy = (IntPtr)(delegate* unmanaged[Cdecl]<void*, void>)&OnDestroy;
#else
        // The delegates live as long as the domain does.
        private static readonly ExportBatchFunction KeptExportBatch = OnExportBatch;
        private static readonly FormatFunction KeptFormat = OnFormat;
        private static readonly ProvideHeadersFunction KeptProvideHeaders = OnProvideHeaders;
        private static readonly ShouldSampleFunction KeptShouldSample = OnShouldSample;
        private static readonly InjectFunction KeptInject = OnInject;
        private static readonly ObserveFunction KeptObserve = OnObserve;
        private static readonly DiagnosticFunction KeptDiagnostic = OnDiagnostic;
        private static readonly VisitBaggageFunction KeptVisitBaggage = OnVisitBaggage;
        private static readonly CarrierGetFunction KeptCarrierGet = OnCarrierGet;
        private static readonly CarrierSetFunction KeptCarrierSet = OnCarrierSet;
        private static readonly CarrierKeyAtFunction KeptCarrierKeyAt = OnCarrierKeyAt;
        private static readonly DestroyFunction KeptDestroy = OnDestroy;

        internal static readonly IntPtr ExportBatch = Marshal.GetFunctionPointerForDelegate(KeptExportBatch);
        internal static readonly IntPtr Format = Marshal.GetFunctionPointerForDelegate(KeptFormat);
        internal static readonly IntPtr ProvideHeaders = Marshal.GetFunctionPointerForDelegate(KeptProvideHeaders);
        internal static readonly IntPtr ShouldSample = Marshal.GetFunctionPointerForDelegate(KeptShouldSample);
        internal static readonly IntPtr Inject = Marshal.GetFunctionPointerForDelegate(KeptInject);
        internal static readonly IntPtr Observe = Marshal.GetFunctionPointerForDelegate(KeptObserve);
        internal static readonly IntPtr HandleDiagnostic = Marshal.GetFunctionPointerForDelegate(KeptDiagnostic);
        internal static readonly IntPtr VisitBaggage = Marshal.GetFunctionPointerForDelegate(KeptVisitBaggage);
        internal static readonly IntPtr CarrierGet = Marshal.GetFunctionPointerForDelegate(KeptCarrierGet);
        internal static readonly IntPtr CarrierSet = Marshal.GetFunctionPointerForDelegate(KeptCarrierSet);
        internal static readonly IntPtr CarrierKeyAt = Marshal.GetFunctionPointerForDelegate(KeptCarrierKeyAt);
        internal static readonly IntPtr Destroy = Marshal.GetFunctionPointerForDelegate(KeptDestroy);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate uint ExportBatchFunction(void* id, Native.ExportBatch* batch, Native.ExportAnswer* answer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int FormatFunction(
            void* id, uint signal, Native.Str json, byte* buffer, UIntPtr capacity, UIntPtr* needed);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int ProvideHeadersFunction(void* id, void* headers);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate uint ShouldSampleFunction(
            void* id, Native.SamplingQuestion* question, Native.SamplingAnswer* answer);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void InjectFunction(void* id, Native.Injectee* injectee, void* attributes);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void ObserveFunction(void* id, void* observation);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void DiagnosticFunction(void* id, Native.Diagnostic* diagnostic);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void VisitBaggageFunction(void* id, Native.Str key, Native.Str value, Native.Str metadata);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int CarrierGetFunction(void* id, Native.Str key, UIntPtr position, Native.Str* value);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int CarrierSetFunction(void* id, Native.Str key, Native.Str value);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int CarrierKeyAtFunction(void* id, UIntPtr position, Native.Str* key);

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate void DestroyFunction(void* id);
#endif

        // A line that did not fit, until the same record is asked for again.
        [ThreadStatic]
        private static byte[] waitingLine;

        [ThreadStatic]
        private static AttributeSink attributeSink;

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static uint OnExportBatch(void* id, Native.ExportBatch* batch, Native.ExportAnswer* answer)
        {
            try
            {
                ThreadSignals.LetThrough();
                var exporter = Registry.Find<Exporter>(id);
                if (exporter == null)
                {
                    return Native.Numbers.EXPORT_RETRY;
                }
                ExportResult result = exporter(new ExportBatch(batch));
                answer->retry_after_ms = result.RetryAfterMilliseconds;
                answer->rejected_items = result.RejectedItems < 0 ? 0 : (ulong)result.RejectedItems;
                WriteTerminated(result.Message, answer->message, Native.Numbers.EXPORT_MESSAGE_BYTES);
                return result.Answer;
            }
            catch (Exception exception)
            {
                try
                {
                    WriteTerminated(
                        exception.GetType().Name + ": " + exception.Message, answer->message,
                        Native.Numbers.EXPORT_MESSAGE_BYTES);
                }
                catch (Exception)
                {
                    // Nothing is said then.
                }
                return Native.Numbers.EXPORT_RETRY;
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static int OnFormat(void* id, uint signal, Native.Str json, byte* buffer, UIntPtr capacity, UIntPtr* needed)
        {
            try
            {
                ThreadSignals.LetThrough();
                byte[] line = waitingLine;
                waitingLine = null;
                if (line == null)
                {
                    var formatter = Registry.Find<Formatter>(id);
                    if (formatter == null)
                    {
                        return (int)AgentOtelStatus.NotFound;
                    }
                    line = Encoding.UTF8.GetBytes(formatter((Signal)signal, Arena.Read(json)) ?? "");
                }
                *needed = (UIntPtr)line.Length;
                if ((ulong)line.Length > (ulong)capacity)
                {
                    // It is asked for again at once, unless it is too long for a line.
                    waitingLine = line.Length <= Native.Numbers.MAX_LINE_BYTES ? line : null;
                    return (int)AgentOtelStatus.BufferTooSmall;
                }
                Marshal.Copy(line, 0, (IntPtr)buffer, line.Length);
                return 0;
            }
            catch (Exception)
            {
                return (int)AgentOtelStatus.Internal;
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static int OnProvideHeaders(void* id, void* headers)
        {
            HeaderSink sink = null;
            try
            {
                ThreadSignals.LetThrough();
                var provider = Registry.Find<HeaderProvider>(id);
                if (provider == null)
                {
                    return (int)AgentOtelStatus.NotFound;
                }
                sink = new HeaderSink(headers);
                provider(sink);
                return 0;
            }
            catch (Exception)
            {
                return (int)AgentOtelStatus.Internal;
            }
            finally
            {
                if (sink != null)
                {
                    sink.Close();
                }
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static uint OnShouldSample(void* id, Native.SamplingQuestion* question, Native.SamplingAnswer* answer)
        {
            try
            {
                var sampler = Registry.Find<Sampler>(id);
                if (sampler == null)
                {
                    return Native.Numbers.SAMPLING_KEEP;
                }
                SamplingResult result = sampler(new SamplingQuestion(question));
                WriteTerminated(result.TraceState, answer->trace_state, Native.Numbers.SAMPLING_TRACE_STATE_BYTES);
                return result.IsDrop ? (uint)Native.Numbers.SAMPLING_DROP : Native.Numbers.SAMPLING_KEEP;
            }
            catch (Exception)
            {
                return Native.Numbers.SAMPLING_KEEP;
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static void OnInject(void* id, Native.Injectee* injectee, void* attributes)
        {
            AttributeSink sink = null;
            try
            {
                var injector = Registry.Find<AttributeInjector>(id);
                if (injector == null)
                {
                    return;
                }
                // One for each thread: what an injector records itself asks for nothing.
                sink = attributeSink ?? (attributeSink = new AttributeSink());
                sink.Open(attributes);
                var about = default(Injectee);
                about.Signal = (Signal)injectee->signal;
                about.Kind = (EventKind)injectee->kind;
                about.IsSession = injectee->is_session != 0;
                about.Session = injectee->session;
                injector(about, sink);
            }
            catch (Exception)
            {
                // What it has added stays.
            }
            finally
            {
                if (sink != null)
                {
                    sink.Open(null);
                }
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static void OnObserve(void* id, void* observation)
        {
            Observation open = null;
            try
            {
                ThreadSignals.LetThrough();
                var gauge = Registry.Find<ObservableGauge>(id);
                if (gauge != null)
                {
                    open = new Observation(observation);
                    gauge(open);
                }
            }
            catch (Exception)
            {
                // What it has said is shown.
            }
            finally
            {
                if (open != null)
                {
                    open.Close();
                }
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static void OnDiagnostic(void* id, Native.Diagnostic* diagnostic)
        {
            try
            {
                ThreadSignals.LetThrough();
                var handler = Registry.Find<DiagnosticHandler>(id);
                if (handler != null)
                {
                    handler(new Diagnostic(diagnostic));
                }
            }
            catch (Exception)
            {
                // There is nobody to tell.
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static void OnVisitBaggage(void* id, Native.Str key, Native.Str value, Native.Str metadata)
        {
            try
            {
                var entries = Registry.Find<List<BaggageEntry>>(id);
                if (entries != null)
                {
                    entries.Add(new BaggageEntry(Arena.Read(key), Arena.Read(value) ?? "", Arena.Read(metadata)));
                }
            }
            catch (Exception)
            {
                // The entry is left out.
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static int OnCarrierGet(void* id, Native.Str key, UIntPtr position, Native.Str* value)
        {
            return Carried(id, carrier => carrier.Get(key, (long)position), value);
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static int OnCarrierKeyAt(void* id, UIntPtr position, Native.Str* key)
        {
            return Carried(id, carrier => carrier.KeyAt((long)position), key);
        }

        private static int Carried(void* id, Func<Carrier, string> read, Native.Str* into)
        {
            var carrier = Registry.Find<Carrier>(id);
            if (carrier == null)
            {
                return (int)AgentOtelStatus.Internal;
            }
            try
            {
                string text = read(carrier);
                if (text == null)
                {
                    return (int)AgentOtelStatus.NotFound;
                }
                // On top of what the call has, until it is over.
                *into = Arena.Current.Text(text);
                return 0;
            }
            catch (Exception exception)
            {
                carrier.Failed = exception;
                return (int)AgentOtelStatus.Internal;
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static int OnCarrierSet(void* id, Native.Str key, Native.Str value)
        {
            var carrier = Registry.Find<Carrier>(id);
            if (carrier == null)
            {
                return (int)AgentOtelStatus.Internal;
            }
            try
            {
                carrier.Set(Arena.Read(key), Arena.Read(value));
                return 0;
            }
            catch (Exception exception)
            {
                carrier.Failed = exception;
                return (int)AgentOtelStatus.Internal;
            }
        }

#if NET8_0_OR_GREATER
        [UnmanagedCallersOnly(CallConvs = new[] { typeof(CallConvCdecl) })]
#endif
        private static void OnDestroy(void* id)
        {
            try
            {
                ThreadSignals.LetThrough();
                ExitGuard.Remove((long)id);
                Registry.Remove((long)id);
            }
            catch (Exception)
            {
                // It stays in the registry, and is not called any more.
            }
        }

        // Cut at a character's border, with a terminating NUL.
        private static void WriteTerminated(string text, byte* into, int capacity)
        {
            if (string.IsNullOrEmpty(text))
            {
                into[0] = 0;
                return;
            }
            byte[] bytes = Encoding.UTF8.GetBytes(text);
            int length = Math.Min(bytes.Length, capacity - 1);
            while (length > 0 && length < bytes.Length && (bytes[length] & 0xC0) == 0x80)
            {
                length--;
            }
            Marshal.Copy(bytes, 0, (IntPtr)into, length);
            into[length] = 0;
        }
    }
}
