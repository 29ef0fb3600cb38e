using System;
using System.Collections.Generic;
using System.Threading;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AgentOtel.Extensions.Logging
{
    /// <summary>
    /// Hands what programs log to the library. A record inside a scope that is a <see cref="Session"/>, an
    /// <see cref="AgentEvent"/> or a <see cref="SpanContext"/> belongs to it:
    /// <code>using (logger.BeginScope(session)) { logger.LogInformation("searching {City}", city); }</code>
    /// What other scopes and the message's template have by name become attributes.
    /// </summary>
    [ProviderAlias("AgentOtel")]
    public sealed class AgentOtelLoggerProvider : ILoggerProvider, ISupportExternalScope
    {
        private IExternalScopeProvider scopes = new OwnScopes();

        /// <summary>Makes the logger of a category, which becomes the attribute <c>log.category</c>.</summary>
        public ILogger CreateLogger(string categoryName)
        {
            return new AgentOtelLogger(categoryName, this);
        }

        /// <summary>Takes the scopes of all providers together.</summary>
        public void SetScopeProvider(IExternalScopeProvider scopeProvider)
        {
            scopes = scopeProvider ?? new OwnScopes();
        }

        /// <summary>There is nothing to give back: the library is shut down by its client.</summary>
        public void Dispose()
        {
        }

        internal IExternalScopeProvider Scopes
        {
            get { return scopes; }
        }

        // Without a logger factory scopes flow with the caller.
        private sealed class OwnScopes : IExternalScopeProvider
        {
            private readonly AsyncLocal<Scope> current = new AsyncLocal<Scope>();

            public void ForEachScope<TState>(Action<object, TState> callback, TState state)
            {
                Visit(current.Value, callback, state);
            }

            public IDisposable Push(object state)
            {
                var scope = new Scope(this, state, current.Value);
                current.Value = scope;
                return scope;
            }

            private static void Visit<TState>(Scope scope, Action<object, TState> callback, TState state)
            {
                if (scope != null)
                {
                    Visit(scope.Outer, callback, state);
                    callback(scope.State, state);
                }
            }

            private sealed class Scope : IDisposable
            {
                private readonly OwnScopes owner;

                internal Scope(OwnScopes owner, object state, Scope outer)
                {
                    this.owner = owner;
                    State = state;
                    Outer = outer;
                }

                internal object State { get; }

                internal Scope Outer { get; }

                public void Dispose()
                {
                    owner.current.Value = Outer;
                }
            }
        }
    }

    // One record is one call; a library that does not run, and a full queue, are the library's to count.
    internal sealed class AgentOtelLogger : ILogger
    {
        private const string Template = "{OriginalFormat}";

        private readonly string category;
        private readonly AgentOtelLoggerProvider provider;

        internal AgentOtelLogger(string category, AgentOtelLoggerProvider provider)
        {
            this.category = category;
            this.provider = provider;
        }

        public bool IsEnabled(LogLevel logLevel)
        {
            return logLevel != LogLevel.None && AgentOtelClient.IsLogEnabled(SeverityOf(logLevel));
        }

        public IDisposable BeginScope<TState>(TState state)
        {
            return provider.Scopes.Push(state);
        }

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception exception, Func<TState, Exception, string> formatter)
        {
            if (!IsEnabled(logLevel))
            {
                return;
            }
            var place = new Place();
            provider.Scopes.ForEachScope(Place.Look, place);
            Add(place.Attributes, state as IEnumerable<KeyValuePair<string, object>>);
            place.Attributes.Add(new EventAttribute("log.category", category));
            if (eventId.Id != 0)
            {
                place.Attributes.Add(new EventAttribute("log.event.id", eventId.Id));
            }
            if (exception != null)
            {
                place.Attributes.Add(new EventAttribute("exception.type", exception.GetType().FullName));
                place.Attributes.Add(new EventAttribute("exception.message", exception.Message));
                place.Attributes.Add(new EventAttribute("exception.stacktrace", exception.ToString()));
            }
            var record = new LogRecord
            {
                Severity = SeverityOf(logLevel), SeverityText = logLevel.ToString(), EventName = eventId.Name,
                Body = formatter == null ? Convert.ToString(state) : formatter(state, exception),
                Attributes = place.Attributes.ToArray(),
            };
            (place.Session ?? new Session(0)).TryLog(record, place.Target);
        }

        private static Severity SeverityOf(LogLevel level)
        {
            switch (level)
            {
                case LogLevel.Trace:
                    return Severity.Trace;
                case LogLevel.Debug:
                    return Severity.Debug;
                case LogLevel.Information:
                    return Severity.Info;
                case LogLevel.Warning:
                    return Severity.Warn;
                case LogLevel.Error:
                    return Severity.Error;
                default:
                    return Severity.Fatal;
            }
        }

        private static void Add(List<EventAttribute> attributes, IEnumerable<KeyValuePair<string, object>> named)
        {
            if (named == null)
            {
                return;
            }
            foreach (KeyValuePair<string, object> one in named)
            {
                string key = one.Key == Template ? "log.record.template" : one.Key;
                attributes.Add(new EventAttribute(key, AttributeValue.From(one.Value)));
            }
        }

        // Where a record belongs, by the scopes around it: the innermost wins.
        private sealed class Place
        {
            internal static readonly Action<object, Place> Look = (scope, place) => place.See(scope);

            internal Session Session { get; private set; }

            internal SpanTarget Target { get; private set; }

            internal List<EventAttribute> Attributes { get; } = new List<EventAttribute>();

            private void See(object scope)
            {
                if (scope is Session session)
                {
                    Session = session;
                    Target = default(SpanTarget);
                }
                else if (scope is AgentEvent)
                {
                    Target = (AgentEvent)scope;
                }
                else if (scope is SpanContext)
                {
                    Target = (SpanContext)scope;
                }
                else
                {
                    Add(Attributes, scope as IEnumerable<KeyValuePair<string, object>>);
                }
            }
        }
    }

    /// <summary>Adds the library to what a program logs to.</summary>
    public static class AgentOtelLoggingExtensions
    {
        /// <summary>Hands what is logged to the library, which <see cref="AgentOtelClient.Start"/> starts.</summary>
        public static ILoggingBuilder AddAgentOtel(this ILoggingBuilder builder)
        {
            if (builder == null)
            {
                throw new ArgumentNullException(nameof(builder));
            }
            builder.Services.Add(new ServiceDescriptor(typeof(ILoggerProvider), new AgentOtelLoggerProvider()));
            return builder;
        }
    }
}
