/// The fields of an object value, sorted by name. At the sizes that objects have, a sorted list is smaller than a hash table, is read
/// through several times faster, and comes in the same order every time: that of the canonical text.
public struct Fields: Sendable {
    public typealias Element = (key: String, value: Value)

    private var elements: [Element]

    public init() { elements = [] }

    /// Fields in any order; of those with one name the last stays.
    public init(_ elements: [Element]) { self.elements = Fields.isSorted(elements) ? elements : Fields.sorted(elements) }

    public init(_ fields: [String: Value]) { self.init(fields.map { $0 }) }

    /// Fields in any order; of those with one name the last stays.
    public init(_ pairs: some Sequence<(String, Value)>) { self.init(pairs.map { (key: $0.0, value: $0.1) }) }

    /// Texts by name.
    public init(_ texts: [String: String]) { self.init(texts.map { ($0.key, .string($0.value)) }) }

    private static func isSorted(_ elements: [Element]) -> Bool {
        zip(elements, elements.dropFirst()).allSatisfy { $0.key < $1.key }
    }

    private static func sorted(_ elements: [Element]) -> [Element] {
        var sorted: [Element] = []
        sorted.reserveCapacity(elements.count)
        for place in elements.indices.sorted(by: { (elements[$0].key, $0) < (elements[$1].key, $1) }) {
            if sorted.last?.key == elements[place].key { sorted.removeLast() }
            sorted.append(elements[place])
        }
        return sorted
    }

    /// Where a name is, or would be, and whether it is there.
    private func place(of key: String) -> (index: Int, isTaken: Bool) {
        let place = elements.sortedPlace { $0.key < key }
        return (place, place < elements.count && elements[place].key == key)
    }

    /// The value of a name, nil when there is none; setting nil removes the field.
    public subscript(key: String) -> Value? {
        get {
            let place = place(of: key)
            // Not `nil`, which a value may be as well.
            return place.isTaken ? elements[place.index].value : Value?.none
        }
        set {
            let place = place(of: key)
            switch (newValue, place.isTaken) {
            case (let value?, true): elements[place.index].value = value
            case (let value?, false): elements.insert((key, value), at: place.index)
            case (.none, true): elements.remove(at: place.index)
            case (.none, false): break
            }
        }
    }

    /// The names, sorted.
    public var keys: [String] { elements.map(\.key) }

    /// The values, by their names' order.
    public var values: [Value] { elements.map(\.value) }

    public func filter(_ isWanted: (Element) throws -> Bool) rethrows -> Fields { Fields(try elements.filter(isWanted)) }

    /// These fields and those of another object; where both have one, what `choose` takes of this one's and the other's.
    public func merging(_ others: Fields, uniquingKeysWith choose: (Value, Value) throws -> Value) rethrows -> Fields {
        var merged = self
        for (key, value) in others { merged[key] = try merged[key].map { try choose($0, value) } ?? value }
        return merged
    }

    /// The fields where they lie: reading them there copies none.
    @inline(__always)
    public func withUnsafeBufferPointer<Result>(_ body: (UnsafeBufferPointer<Element>) throws -> Result) rethrows -> Result {
        try elements.withUnsafeBufferPointer(body)
    }
}

extension Fields: RandomAccessCollection {
    public var startIndex: Int { 0 }
    public var endIndex: Int { elements.count }
    public subscript(position: Int) -> Element { elements[position] }
}

extension Fields: Hashable {
    public static func == (one: Fields, other: Fields) -> Bool {
        one.count == other.count && zip(one, other).allSatisfy { $0.key == $1.key && $0.value == $1.value }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        for (key, value) in self {
            hasher.combine(key)
            hasher.combine(value)
        }
    }
}

extension Fields: ExpressibleByDictionaryLiteral {
    public init(dictionaryLiteral elements: (String, Value)...) { self.init(elements) }
}

extension Fields: Codable {
    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    public init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([String: Value].self))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Name.self)
        for (key, value) in self { try container.encode(value, forKey: Name(stringValue: key)) }
    }
}
