//! The peer: the raw Rust OpenTelemetry SDK, used as well as it can be. Static keys, an attribute vector of the right
//! size, values cloned once (an agent owns them), one clock reading for both times, no global look-up, and a batch
//! processor whose queue is as large as the caller says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::trace::{Span, SpanBuilder, SpanKind, TraceContextExt, Tracer, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    BatchConfig, BatchConfigBuilder, BatchSpanProcessor, SdkTracer, SdkTracerProvider, SpanData, SpanExporter,
};
use tokio::runtime::{Builder, Runtime};

use crate::Fallible;
use crate::child::Protocol;
use crate::workload::{Attribute, SPAN_NAME};

/// Drops what it gets, and counts it.
#[derive(Clone, Debug, Default)]
struct NoExporter {
    spans: Arc<AtomicU64>,
}

impl SpanExporter for NoExporter {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        self.spans.fetch_add(batch.len() as u64, Ordering::Relaxed);
        Ok(())
    }
}

/// The batch processor's measures.
#[derive(Clone, Copy)]
pub struct Batching {
    pub queue: usize,
    pub batch: usize,
}

impl Batching {
    fn config(self) -> BatchConfig {
        BatchConfigBuilder::default()
            .with_max_queue_size(self.queue)
            .with_max_export_batch_size(self.batch)
            .build()
    }
}

pub struct Sdk {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
    spans: Arc<AtomicU64>,
    /// What drives the gRPC channel; nothing else needs it.
    _runtime: Option<Runtime>,
}

/// A trace with its root span open.
#[derive(Clone)]
pub struct SdkSession {
    context: Context,
}

impl Sdk {
    /// A pipeline whose exporter does nothing.
    pub fn without_export(batching: Batching) -> Self {
        let exporter = NoExporter::default();
        let spans = Arc::clone(&exporter.spans);
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batching.config());
        Self::new(processor.build(), spans)
    }

    /// A pipeline that sends OTLP: over HTTP through the blocking client, over gRPC through tonic, whose channel has a
    /// runtime of one thread. Without `batching` every default stays as it is.
    pub fn with_otlp(protocol: Protocol, endpoint: &str, batching: Option<Batching>) -> Fallible<Self> {
        let over_http = |protocol| {
            OtlpExporter::builder()
                .with_http()
                .with_protocol(protocol)
                .with_endpoint(format!("{endpoint}/v1/traces"))
                .build()
        };
        let mut runtime = None;
        let exporter = match protocol {
            Protocol::HttpProtobuf => over_http(opentelemetry_otlp::Protocol::HttpBinary)?,
            Protocol::HttpJson => over_http(opentelemetry_otlp::Protocol::HttpJson)?,
            Protocol::Grpc => {
                let driver = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
                let inside = driver.enter();
                let exporter = OtlpExporter::builder().with_tonic().with_endpoint(endpoint).build()?;
                drop(inside);
                runtime = Some(driver);
                exporter
            }
        };
        let builder = BatchSpanProcessor::builder(exporter);
        let processor = match batching {
            Some(batching) => builder.with_batch_config(batching.config()).build(),
            None => builder.build(),
        };
        Ok(Self { _runtime: runtime, ..Self::new(processor, Arc::default()) })
    }

    fn new(processor: BatchSpanProcessor, spans: Arc<AtomicU64>) -> Self {
        let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
        let tracer = provider.tracer("agentotel-benches");
        Self { provider, tracer, spans, _runtime: None }
    }

    pub fn start_session(&self) -> SdkSession {
        let root = self.tracer.start("benchmark");
        SdkSession { context: Context::new().with_span(root) }
    }

    pub fn end_session(&self, session: &SdkSession) {
        session.context.span().end();
    }

    /// Records one span, begun and ended now, below the session's root.
    #[inline]
    pub fn record_one(&self, session: &SdkSession, attributes: &[Attribute]) {
        let mut owned = Vec::with_capacity(attributes.len());
        owned
            .extend(attributes.iter().map(|attribute| KeyValue::new(attribute.key, attribute.value.clone())));
        let now = SystemTime::now();
        let builder = SpanBuilder::from_name(SPAN_NAME)
            .with_kind(SpanKind::Internal)
            .with_start_time(now)
            .with_attributes(owned);
        let mut span = self.tracer.build_with_context(builder, &session.context);
        span.end_with_timestamp(now);
    }

    pub fn record(&self, session: &SdkSession, attributes: &[Attribute], events: u64) {
        for _ in 0..events {
            self.record_one(session, attributes);
        }
    }

    /// Records one span for each place in `nanoseconds`, which gets the wall time it took.
    pub fn record_timed(&self, session: &SdkSession, attributes: &[Attribute], nanoseconds: &mut [u64]) {
        for place in nanoseconds {
            let start = Instant::now();
            self.record_one(session, attributes);
            *place = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        }
    }

    /// Waits until the exporter that does nothing has had `spans` in all; false when they do not come.
    pub fn drained(&self, spans: u64) -> bool {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.spans.load(Ordering::Relaxed) < spans {
            if Instant::now() > deadline {
                return false;
            }
            let _ = self.provider.force_flush();
        }
        true
    }

    pub fn flush(&self) -> Fallible<()> {
        Ok(self.provider.force_flush()?)
    }

    pub fn shutdown(&self) -> Fallible<()> {
        Ok(self.provider.shutdown_with_timeout(Duration::from_secs(60))?)
    }
}
