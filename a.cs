static unsafe class Q { 
 [DllImport("__Internal")] static extern void mono_dllmap_insert(IntPtr assembly, string dll, string func, string tdll, string tfunc);
 [DllImport("agentotel")] static extern byte* agentotel_version();
 public static void Go(){ 
  mono_dllmap_insert(IntPtr.Zero, "agentotel", null, "/work/wt/csharp/target/release/libagentotel.so", null);
  Console.WriteLine(Marshal.PtrToStringAnsi((IntPtr)agentotel_version())); Console.WriteLine(sizeof(F)); Console.WriteLine(RuntimeInformation.ProcessArchitecture+" "+RuntimeInformation.IsOSPlatform(OSPlatform.Linux));
 foreach (var n in new[]{"System.Span`1","System.ReadOnlySpan`1","System.Memory`1","System.IAsyncDisposable","System.Threading.Tasks.ValueTask","System.HashCode","System.GC"}) { var t=Type.GetType(n); Console.WriteLine(n+" "+(t==null?"none":t.IsPublic.ToString())); }
 foreach (var m in typeof(GC).GetMethods()) Console.Write(m.Name+" ");
 } }
