// As much HTTP/1.1 as the example needs: one POST to a connection, answered and closed; children that say their address.
using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;

internal static class Http
{
    // Answers so many requests, after saying where on the first line of the standard output.
    internal static void Serve(int requests, Func<Dictionary<string, string>, string, string> answer)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        Console.WriteLine(((IPEndPoint)listener.LocalEndpoint).Port);
        Console.Out.Flush();
        for (int i = 0; i < requests; i++)
        {
            using (TcpClient client = listener.AcceptTcpClient())
            {
                NetworkStream stream = client.GetStream();
                ReadLine(stream);
                Dictionary<string, string> headers = ReadHeaders(stream);
                var body = new byte[int.Parse(headers["content-length"])];
                for (int read = 0; read < body.Length;)
                {
                    int more = stream.Read(body, read, body.Length - read);
                    if (more == 0)
                    {
                        throw new EndOfStreamException();
                    }
                    read += more;
                }
                Write(stream, "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + answer(headers, Encoding.UTF8.GetString(body)));
            }
        }
        listener.Stop();
    }

    // Posts a text, and gives the lines of the answer as they come.
    internal static IEnumerable<string> Post(int port, IDictionary<string, string> headers, string body)
    {
        using (var client = new TcpClient())
        {
            client.Connect(IPAddress.Loopback, port);
            NetworkStream stream = client.GetStream();
            var head = new StringBuilder("POST / HTTP/1.1\r\nhost: localhost\r\n");
            foreach (KeyValuePair<string, string> header in headers)
            {
                head.Append(header.Key).Append(": ").Append(header.Value).Append("\r\n");
            }
            Write(stream, head + "content-length: " + Encoding.UTF8.GetByteCount(body) + "\r\n\r\n" + body);
            ReadLine(stream);
            ReadHeaders(stream);
            for (string line = ReadLine(stream); line != null; line = ReadLine(stream))
            {
                yield return line;
            }
        }
    }

    private static void Write(Stream stream, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        stream.Write(bytes, 0, bytes.Length);
    }

    private static Dictionary<string, string> ReadHeaders(Stream stream)
    {
        var headers = new Dictionary<string, string>();
        for (string line = ReadLine(stream); !string.IsNullOrEmpty(line); line = ReadLine(stream))
        {
            int colon = line.IndexOf(':');
            headers[line.Substring(0, colon).ToLowerInvariant()] = line.Substring(colon + 1).Trim();
        }
        return headers;
    }

    // A line without its end; null when there is none any more.
    private static string ReadLine(Stream stream)
    {
        var line = new List<byte>();
        for (int next = stream.ReadByte(); next != '\n'; next = stream.ReadByte())
        {
            if (next < 0)
            {
                return line.Count == 0 ? null : Encoding.UTF8.GetString(line.ToArray());
            }
            line.Add((byte)next);
        }
        return Encoding.UTF8.GetString(line.ToArray()).TrimEnd('\r');
    }
}

// This program once more, as a server in a process of its own.
internal sealed class Child : IDisposable
{
    private readonly Process process;

    internal Child(params string[] arguments)
    {
        string own = System.Reflection.Assembly.GetExecutingAssembly().Location;
        string host = Process.GetCurrentProcess().MainModule.FileName;
        bool isOwnHost = Path.GetFileNameWithoutExtension(host) == Path.GetFileNameWithoutExtension(own);
        string said = isOwnHost ? "" : "\"" + own + "\" ";
        foreach (string argument in arguments)
        {
            said += "\"" + argument.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\" ";
        }
        process = Process.Start(new ProcessStartInfo(host, said) { RedirectStandardOutput = true, UseShellExecute = false });
        Port = int.Parse(process.StandardOutput.ReadLine());
        // What it says further is not waited for.
        process.StandardOutput.ReadToEndAsync();
    }

    internal int Port { get; }

    // It has answered all that it is asked, and ends by itself.
    public void Dispose()
    {
        if (!process.WaitForExit(20000))
        {
            process.Kill();
        }
        process.Dispose();
    }
}
