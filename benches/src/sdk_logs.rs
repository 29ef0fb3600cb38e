//! The peer for log records: the SDK's own logger with its batch processor, used as well as it can be. Static keys, values
//! cloned once (an agent owns them), a body that need not be, a trace context given directly, and a queue as large as the
//! caller says.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use opentelemetry::logs::{AnyValue, LogRecord, Logger, LoggerProvider, Severity};
use opentelemetry::trace::{SpanId, TraceFlags, TraceId};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{
    BatchConfigBuilder, BatchLogProcessor, LogBatch, LogExporter, SdkLogger, SdkLoggerProvider,
};

use crate::Fallible;
use crate::sdk::Batching;
use crate::workload::Attribute;

/// Drops what it gets, and counts it.
#[derive(Clone, Debug, Default)]
struct NoExporter {
    records: Arc<AtomicU64>,
}

impl LogExporter for NoExporter {
    async fn export(&self, batch: LogBatch<'_>) -> OTelSdkResult {
        self.records.fetch_add(batch.iter().count() as u64, Ordering::Relaxed);
        Ok(())
    }
}

pub struct SdkLogs {
    provider: SdkLoggerProvider,
    logger: SdkLogger,
    records: Arc<AtomicU64>,
}

impl SdkLogs {
    /// A pipeline whose exporter does nothing.
    pub fn without_export(batching: Batching) -> Self {
        let exporter = NoExporter::default();
        let records = Arc::clone(&exporter.records);
        let config = BatchConfigBuilder::default()
            .with_max_queue_size(batching.queue)
            .with_max_export_batch_size(batching.batch)
            .build();
        let processor = BatchLogProcessor::builder(exporter).with_batch_config(config).build();
        let provider = SdkLoggerProvider::builder().with_log_processor(processor).build();
        let logger = provider.logger("agentotel-benches");
        Self { provider, logger, records }
    }

    /// Emits one record of now.
    #[inline]
    fn log_one(&self, attributes: &[Attribute]) {
        let mut record = self.logger.create_log_record();
        record.set_timestamp(SystemTime::now());
        record.set_severity_number(Severity::Warn);
        record.set_severity_text("WARN");
        record.set_body(AnyValue::from("the step took longer than it should"));
        record.set_trace_context(
            TraceId::from_bytes([1; 16]),
            SpanId::from_bytes([2; 8]),
            Some(TraceFlags::SAMPLED),
        );
        record.add_attributes(
            attributes.iter().map(|attribute| (attribute.key, AnyValue::from(attribute.value.clone()))),
        );
        self.logger.emit(record);
    }

    pub fn log(&self, attributes: &[Attribute], records: u64) {
        for _ in 0..records {
            self.log_one(attributes);
        }
    }

    /// Waits until the exporter that does nothing has had `records` in all; false when they do not come.
    pub fn drained(&self, records: u64) -> bool {
        let deadline = Instant::now() + Duration::from_secs(10);
        while self.records.load(Ordering::Relaxed) < records {
            if Instant::now() > deadline {
                return false;
            }
            let _ = self.provider.force_flush();
        }
        true
    }

    pub fn shutdown(&self) -> Fallible<()> {
        Ok(self.provider.shutdown_with_timeout(Duration::from_secs(60))?)
    }
}
