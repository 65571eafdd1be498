import MusterCore

/// Takes the fields of one declaration, one by one, and says what is wrong with them in the declaration's words.
struct FieldReader {
    let noun: String
    let name: String
    let place: String
    /// The table as it is.
    let all: Value
    private var fields: Fields
    private var known: [String] = []

    init(noun: String, name: String, place: String, fields: Value) {
        self.noun = noun
        self.name = name
        self.place = place
        self.fields = fields.object ?? [:]
        // An empty table is a list or an object; where keys are looked for it is an object.
        all = fields == .array([]) ? .object([:]) : fields
    }

    private var subject: String { name.isEmpty ? noun : "\(noun) \(name)" }

    func wrong(_ message: String, hint: String) -> MusterError {
        MusterError(.badFleet, "\(subject): \(message)", hint: hint, place: place)
    }

    /// A field's value, null when it is absent.
    mutating func value(_ key: String) -> Value {
        known.append(key)
        return fields[key] ?? .null
    }

    mutating func text(_ key: String) throws -> String? {
        switch value(key) {
        case .null: return nil
        case .string(let text): return text
        case let other: throw wrong("\(key) is \(other.json), not a text", hint: "\(key) = \"…\"")
        }
    }

    mutating func required(_ key: String, example: String) throws -> String {
        guard let text = try text(key) else { throw wrong("\(key) is missing", hint: "add \(key) = \(example)") }
        return text
    }

    mutating func number(_ key: String) throws -> Int64? {
        let value = value(key)
        if value.isNull { return nil }
        guard let number = value.int, number >= 0 else {
            throw wrong("\(key) is \(value.json), not a whole number", hint: "\(key) = 1")
        }
        return number
    }

    mutating func texts(_ key: String) throws -> [String] {
        let value = value(key)
        if value.isNull || value == .object([:]) { return [] }
        guard let items = value.array, items.allSatisfy({ $0.string != nil }) else {
            throw wrong("\(key) is \(value.json), not a list of texts", hint: "\(key) = { \"web\" }")
        }
        return items.compactMap(\.string)
    }

    /// Milliseconds of `"30s"` or of a number of seconds; at least `minimum`, at most thirty years.
    mutating func duration(_ key: String, minimum: Int64 = 0) throws -> Int64? {
        let value = value(key)
        if value.isNull { return nil }
        var length = value.string.flatMap { try? Quantity.milliseconds($0) }
        if let seconds = value.double, seconds >= 0, seconds < 1e9 { length = Int64(seconds * 1000) }
        guard let length, length < 1_000_000_000_000 else {
            throw wrong("\(key) is \(value.json), not a duration", hint: "\(key) = \"30s\"")
        }
        guard length >= minimum else {
            let least = minimum % 1000 == 0 ? "\(minimum / 1000)s" : "\(minimum)ms"
            throw wrong("\(key) is \(value.json), too short", hint: "\(key) = \"\(least)\" or more")
        }
        return length
    }

    /// A whole number within bounds.
    mutating func number(_ key: String, in range: ClosedRange<Int64>) throws -> Int64? {
        guard let number = try number(key) else { return nil }
        guard range.contains(number) else {
            throw wrong("\(key) is \(number)", hint: "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// MiB of `"4G"` or of a number of bytes.
    mutating func mebibytes(_ key: String) throws -> Int64? {
        let value = value(key)
        if value.isNull { return nil }
        guard let bytes = value.int ?? value.string.flatMap({ try? Quantity.bytes($0) }), bytes >= 0 else {
            throw wrong("\(key) is \(value.json), not a size", hint: "\(key) = \"4G\"")
        }
        guard bytes == 0 || bytes >= 1 << 20 else {
            throw wrong("\(key) is \(bytes) bytes, less than 1 MiB", hint: "write the unit: \(key) = \"\(bytes)M\"")
        }
        return bytes >> 20
    }

    mutating func parsed<T>(_ key: String, _ what: String, example: String, _ parse: (String) -> T?) throws -> T? {
        guard let text = try text(key) else { return nil }
        guard let result = parse(text) else { throw wrong("\(key) is \"\(text)\", not \(what)", hint: "\(key) = \"\(example)\"") }
        return result
    }

    /// A table inside this one, read with the same place.
    mutating func table(_ key: String) throws -> FieldReader? {
        let value = value(key)
        if value.isNull { return nil }
        guard value.object != nil else { throw wrong("\(key) is not a table", hint: "\(key) = { … }") }
        return FieldReader(noun: "\(subject): \(key)", name: "", place: place, fields: value)
    }

    /// Refuses what nobody asked for.
    func finish() throws {
        for key in fields.keys.sorted() where !known.contains(key) {
            let hint =
                Spelling.nearest(key, known).map { "did you mean \($0)?" } ?? "the keys are \(known.sorted().joined(separator: ", "))"
            throw wrong("there is no key \"\(key)\"", hint: hint)
        }
    }
}
