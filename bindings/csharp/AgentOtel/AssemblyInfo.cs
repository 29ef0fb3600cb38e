#if NET8_0_OR_GREATER
// All parameters of the library's functions are blittable.
[assembly: System.Runtime.CompilerServices.DisableRuntimeMarshalling]
#endif
