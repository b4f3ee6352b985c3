// Everything a DataStream program needs, in namespace thalweg.
#pragma once

#include "api/environment.h"
#include "api/files.h"
#include "api/job_library.h"
#include "api/kafka.h"
#include "api/trial.h"

namespace thalweg {

using api::Blackhole;
using api::Collector;
using api::Compression;
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
using api::OffsetReset;
using api::OutputTag;
using api::RuntimeContext;
using api::StreamExecutionEnvironment;
using api::WatermarkStrategy;
using formats::ParseErrorPolicy;
using operators::Cumulative;
using operators::GlobalWindow;
using operators::KeyedContext;
using operators::ProcessContext;
using operators::Session;
using operators::Sliding;
using operators::Tumbling;
using operators::WindowContext;

}  // namespace thalweg
