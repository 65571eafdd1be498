extension Value {
    /// About how many bytes the value takes as JSON, without writing it: texts count as they are, other plain values as 8.
    public var bytes: Int {
        switch self {
        case .null, .bool, .int, .double: 8
        case .string(let text): text.utf8.count + 2
        case .array(let items): items.reduce(2) { $0 + $1.bytes + 1 }
        case .object(let fields): fields.reduce(2) { $0 + $1.key.utf8.count + $1.value.bytes + 4 }
        }
    }
}

extension Step {
    /// About how many bytes it takes in its run's journal.
    public var bytes: Int {
        let result =
            switch outcome {
            case .value(let value): value.bytes
            case .error(let error): error.message.utf8.count + (error.hint?.utf8.count ?? 0) + (error.traceback?.utf8.count ?? 0)
            case nil: 0
            }
        return arguments.reduce(100 + name.utf8.count + address.utf8.count) { $0 + $1.bytes } + result
    }
}
