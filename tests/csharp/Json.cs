using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace AgentOtel.Tests
{
    // Reads the JSON of scenarios: dictionaries, lists, strings, long, double, bool, null.
    internal sealed class Json
    {
        private readonly string text;
        private int at;

        private Json(string text)
        {
            this.text = text;
        }

        internal static Dictionary<string, object> Parse(string text)
        {
            return (Dictionary<string, object>)new Json(text).Value();
        }

        private char Next()
        {
            while (char.IsWhiteSpace(text[at]))
            {
                at++;
            }
            return text[at];
        }

        private bool Takes(char expected)
        {
            if (Next() != expected)
            {
                return false;
            }
            at++;
            return true;
        }

        private object Value()
        {
            switch (Next())
            {
                case '{':
                    return Object();
                case '[':
                    return List();
                case '"':
                    return Text();
                case 't':
                    at += 4;
                    return true;
                case 'f':
                    at += 5;
                    return false;
                case 'n':
                    at += 4;
                    return null;
                default:
                    int start = at;
                    while (at < text.Length && "+-.eE0123456789".IndexOf(text[at]) >= 0)
                    {
                        at++;
                    }
                    string number = text.Substring(start, at - start);
                    return long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long whole)
                        ? (object)whole
                        : double.Parse(number, CultureInfo.InvariantCulture);
            }
        }

        private Dictionary<string, object> Object()
        {
            var found = new Dictionary<string, object>();
            at++;
            while (!Takes('}'))
            {
                Takes(',');
                Next();
                string key = Text();
                Takes(':');
                found[key] = Value();
            }
            return found;
        }

        private List<object> List()
        {
            var found = new List<object>();
            at++;
            while (!Takes(']'))
            {
                Takes(',');
                found.Add(Value());
            }
            return found;
        }

        private string Text()
        {
            var said = new StringBuilder();
            for (at++; text[at] != '"'; at++)
            {
                if (text[at] != '\\')
                {
                    said.Append(text[at]);
                    continue;
                }
                at++;
                if (text[at] == 'u')
                {
                    said.Append((char)Convert.ToInt32(text.Substring(at + 1, 4), 16));
                    at += 4;
                    continue;
                }
                int escape = "bfnrt".IndexOf(text[at]);
                said.Append(escape < 0 ? text[at] : "\b\f\n\r\t"[escape]);
            }
            at++;
            return said.ToString();
        }
    }
}
