//! The messages of an event file, with the needed fields of TensorFlow's `event.proto`, `summary.proto`, `graph.proto`
//! and `attr_value.proto`, and the same field numbers.

use std::collections::BTreeMap;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(super) struct EventMessage {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    pub wall_time: f64,
    #[prost(int64, tag = "2")]
    pub step: i64,
    #[prost(oneof = "EventPayload", tags = "3, 4, 5, 7")]
    pub payload: Option<EventPayload>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum EventPayload {
    #[prost(string, tag = "3")]
    FileVersion(String),
    /// A [`GraphMessage`].
    #[prost(bytes = "vec", tag = "4")]
    Graph(Vec<u8>),
    #[prost(message, tag = "5")]
    Summary(EventSummary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct EventSummary {
    #[prost(message, repeated, tag = "1")]
    pub value: Vec<SummaryValue>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SummaryValue {
    #[prost(string, tag = "1")]
    pub tag: String,
    #[prost(oneof = "SummaryContent", tags = "2, 4, 5")]
    pub content: Option<SummaryContent>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum SummaryContent {
    #[prost(float, tag = "2")]
    Scalar(f32),
    #[prost(message, tag = "4")]
    Image(SummaryImage),
    #[prost(message, tag = "5")]
    Histogram(HistogramMessage),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SummaryImage {
    #[prost(int32, tag = "1")]
    pub height: i32,
    #[prost(int32, tag = "2")]
    pub width: i32,
    /// 3 is RGB.
    #[prost(int32, tag = "3")]
    pub colorspace: i32,
    /// A PNG.
    #[prost(bytes = "vec", tag = "4")]
    pub encoded: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct HistogramMessage {
    #[prost(double, tag = "1")]
    pub min: f64,
    #[prost(double, tag = "2")]
    pub max: f64,
    #[prost(double, tag = "3")]
    pub num: f64,
    #[prost(double, tag = "4")]
    pub sum: f64,
    #[prost(double, tag = "5")]
    pub sum_squares: f64,
    /// Upper end of each bucket. Its lower end is the limit before.
    #[prost(double, repeated, tag = "6")]
    pub bucket_limit: Vec<f64>,
    /// Number of values in each bucket.
    #[prost(double, repeated, tag = "7")]
    pub bucket: Vec<f64>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct SessionLog {
    /// 1 is START.
    #[prost(int32, tag = "1")]
    pub status: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GraphMessage {
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<GraphNode>,
    #[prost(message, optional, tag = "4")]
    pub versions: Option<GraphVersions>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GraphVersions {
    #[prost(int32, tag = "1")]
    pub producer: i32,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct GraphNode {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub op: String,
    #[prost(string, repeated, tag = "3")]
    pub input: Vec<String>,
    #[prost(btree_map = "string, message", tag = "5")]
    pub attr: BTreeMap<String, NodeAttribute>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct NodeAttribute {
    #[prost(oneof = "AttributeValue", tags = "1, 6, 7")]
    pub value: Option<AttributeValue>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum AttributeValue {
    #[prost(message, tag = "1")]
    List(ShapeList),
    /// 1 is a 32-bit float.
    #[prost(int32, tag = "6")]
    Type(i32),
    #[prost(message, tag = "7")]
    Shape(TensorShape),
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct ShapeList {
    #[prost(message, repeated, tag = "7")]
    pub shape: Vec<TensorShape>,
}

#[derive(Clone, PartialEq, Message)]
pub(super) struct TensorShape {
    #[prost(message, repeated, tag = "2")]
    pub dim: Vec<TensorDimension>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub(super) struct TensorDimension {
    /// −1 is unknown: the batch.
    #[prost(int64, tag = "1")]
    pub size: i64,
}
