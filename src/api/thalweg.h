// Everything a DataStream program needs, in namespace thalweg.
#pragma once

#include "api/environment.h"
#include "api/files.h"
#include "api/job_library.h"
#include "api/kafka.h"
#include "api/trial.h"

namespace thalweg {

using api::Blackhole;
using api::BroadcastConnectedStreams;
using api::BroadcastStream;
using api::Collector;
using api::Compression;
using api::ConnectedStreams;
using api::Datagen;
using api::DataStream;
using api::DeliveryGuarantee;
using api::FileSink;
using api::FileSource;
using api::JobResult;
using api::KafkaPartitioner;
using api::KafkaSink;
using api::KafkaSource;
using api::KeyedStream;
using api::Millis;
using api::OffsetReset;
using api::OutputTag;
using api::RunOptions;
using api::RunProgress;
using api::RuntimeContext;
using api::Sink;
using api::Source;
using api::StreamExecutionEnvironment;
using api::WatermarkOutput;
using api::WatermarkStrategy;
using api::WindowedStream;
using config::Configuration;
using formats::ParseErrorPolicy;
using metrics::Counter;
using metrics::FloatGauge;
using metrics::Gauge;
using metrics::Histogram;
using metrics::Meter;
using metrics::MetricKind;
using operators::AssignerPtr;
using operators::BroadcastContext;
using operators::BroadcastStateDescriptor;
using operators::ContinuousEventTimeTrigger;
using operators::CountTrigger;
using operators::Cumulative;
using operators::DeadLetter;
using operators::DynamicSession;
using operators::DynamicSessionOf;
using operators::EventTimeTrigger;
using operators::GlobalWindow;
using operators::KeyedContext;
using operators::NeverTrigger;
using operators::ProcessContext;
using operators::ProcessingTimeTrigger;
using operators::PurgingTrigger;
using operators::ReadOnlyBroadcastContext;
using operators::Session;
using operators::Sliding;
using operators::StateCell;
using operators::TimeDomain;
using operators::TimerKind;
using operators::Trigger;
using operators::TriggerContext;
using operators::TriggerPtr;
using operators::TriggerResult;
using operators::Tumbling;
using operators::TypedTrigger;
using operators::Window;
using operators::WindowAssigner;
using operators::WindowContext;
using state::AggregatingState;
using state::AggregatingStateDescriptor;
using state::BroadcastState;
using state::ListState;
using state::ListStateDescriptor;
using state::MapState;
using state::MapStateDescriptor;
using state::OperatorListState;
using state::ReducingState;
using state::ReducingStateDescriptor;
using state::StateTtl;
using state::ValueState;
using state::ValueStateDescriptor;
using time::WatermarkGenerator;
using types::Timestamp;

/// What RuntimeContext::metrics() gives.
using MetricGroup = metrics::Group;

}  // namespace thalweg
