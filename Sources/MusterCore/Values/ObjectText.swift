/// Writes codable objects as JSON straight into bytes: what `JSONEncoder` reads back the same, at a fraction of its cost, because the
/// store writes several of them for every event. Keys come in the order of the declaration.
public enum ObjectText {
    public static func write(_ object: some Encodable, into bytes: inout [UInt8]) throws {
        let sink = Sink(bytes)
        // The one array is handed over, so that it is never copied.
        bytes = []
        defer { swap(&bytes, &sink.bytes) }
        try sink.write(object)
    }
}

/// What is written, and the objects and lists that are open in it.
private final class Sink {
    var bytes: [UInt8]
    private var levels: [(end: UInt8, isEmpty: Bool)] = []

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func write<Object: Encodable>(_ object: Object) throws {
        if let value = object as? Value { return value.write(into: &bytes) }
        let depth = levels.count
        try object.encode(to: ObjectEncoder(sink: self))
        close(to: depth)
    }

    /// Begins an object or list, and returns how deep its members are.
    func open(_ start: Unicode.Scalar, _ end: Unicode.Scalar) -> Int {
        bytes.append(UInt8(ascii: start))
        levels.append((UInt8(ascii: end), true))
        return levels.count
    }

    private func close(to depth: Int) {
        while levels.count > depth { bytes.append(levels.removeLast().end) }
    }

    /// Begins a member: whatever the one before it left open is closed.
    func member(_ depth: Int) {
        close(to: depth)
        if !levels[depth - 1].isEmpty { bytes.append(UInt8(ascii: ",")) }
        levels[depth - 1].isEmpty = false
    }

    func member(_ depth: Int, _ key: any CodingKey) {
        member(depth)
        Value.write(key.stringValue, into: &bytes)
        bytes.append(UInt8(ascii: ":"))
    }
}

private struct ObjectEncoder: Encoder, SingleValueEncodingContainer {
    let sink: Sink
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
        KeyedEncodingContainer(KeyedFields<Key>(sink: sink, depth: sink.open("{", "}")))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer { Items(sink: sink, depth: sink.open("[", "]")) }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func encodeNil() { Value.null.write(into: &sink.bytes) }
    func encode(_ value: Bool) { Value.bool(value).write(into: &sink.bytes) }
    func encode(_ value: String) { Value.write(value, into: &sink.bytes) }
    func encode(_ value: Double) { Value.double(value).write(into: &sink.bytes) }
    func encode(_ value: Float) { encode(Double(value)) }
    func encode(_ value: some BinaryInteger & Encodable) { sink.bytes += String(value).utf8 }
    func encode(_ value: some Encodable) throws { try sink.write(value) }
}

private struct KeyedFields<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let sink: Sink
    let depth: Int
    var codingPath: [any CodingKey] { [] }

    func encodeNil(forKey key: Key) {
        sink.member(depth, key)
        Value.null.write(into: &sink.bytes)
    }
    func encode(_ value: some Encodable, forKey key: Key) throws {
        sink.member(depth, key)
        try sink.write(value)
    }
    func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        sink.member(depth, key)
        return ObjectEncoder(sink: sink).container(keyedBy: type)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
        sink.member(depth, key)
        return ObjectEncoder(sink: sink).unkeyedContainer()
    }
    func superEncoder(forKey key: Key) -> any Encoder {
        sink.member(depth, key)
        return ObjectEncoder(sink: sink)
    }
    func superEncoder() -> any Encoder { ObjectEncoder(sink: sink) }
}

private struct Items: UnkeyedEncodingContainer {
    let sink: Sink
    let depth: Int
    var codingPath: [any CodingKey] { [] }
    private(set) var count = 0

    mutating func encodeNil() {
        next()
        Value.null.write(into: &sink.bytes)
    }
    mutating func encode(_ value: some Encodable) throws {
        next()
        try sink.write(value)
    }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
        superEncoder().container(keyedBy: type)
    }
    mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { superEncoder().unkeyedContainer() }
    mutating func superEncoder() -> any Encoder {
        next()
        return ObjectEncoder(sink: sink)
    }
    private mutating func next() {
        sink.member(depth)
        count += 1
    }
}
