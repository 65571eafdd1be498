import Foundation

/// A plain value: what crosses between scripts, the engine, the journal and the command line.
///
/// Shapes follow JSON. An object whose key `$type` names an object kind (`resource`, `server`, …) reaches Lua as a snapshot
/// of that kind, with its methods.
public enum Value: Sendable, Hashable {
    case null
    case bool(Bool)
    case int(Int64)
    case double(Double)
    case string(String)
    case array([Value])
    case object(Fields)

    /// The field of an object, `null` when absent or when this is no object.
    public subscript(key: String) -> Value {
        guard case .object(let fields) = self else { return .null }
        return fields[key] ?? .null
    }

    public var string: String? { if case .string(let text) = self { text } else { nil } }
    public var bool: Bool? { if case .bool(let flag) = self { flag } else { nil } }
    public var array: [Value]? { if case .array(let items) = self { items } else { nil } }
    public var object: Fields? { if case .object(let fields) = self { fields } else { nil } }
    public var isNull: Bool { self == .null }

    /// The integer, also of a float without fraction (Lua computes `2^3` as a float).
    public var int: Int64? {
        switch self {
        case .int(let number): number
        case .double(let number): Int64(exactly: number)
        default: nil
        }
    }

    public var double: Double? {
        switch self {
        case .int(let number): Double(number)
        case .double(let number): number
        default: nil
        }
    }

    /// The key under which an object says what kind of snapshot it is.
    public static let typeKey = "$type"
}

extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .int(value) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(floatLiteral value: Double) { self = .double(value) }
    public init(arrayLiteral elements: Value...) { self = .array(elements) }
    public init(dictionaryLiteral elements: (String, Value)...) {
        self = .object(Fields(elements))
    }
    public init(nilLiteral: ()) { self = .null }
}
