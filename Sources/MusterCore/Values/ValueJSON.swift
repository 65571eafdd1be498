import Foundation

extension Value: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let flag = try? container.decode(Bool.self) {
            self = .bool(flag)
        } else if let number = try? container.decode(Int64.self) {
            self = .int(number)
        } else if let number = try? container.decode(Double.self) {
            self = .double(number)
        } else if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let items = try? container.decode([Value].self) {
            self = .array(items)
        } else {
            self = .object(try container.decode(Fields.self))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .null: try container.encodeNil()
        case .bool(let flag): try container.encode(flag)
        case .int(let number): try container.encode(number)
        case .double(let number): try container.encode(number)
        case .string(let text): try container.encode(text)
        case .array(let items): try container.encode(items)
        case .object(let fields): try container.encode(fields)
        }
    }
}

extension Value {
    /// The JSON text with line breaks, for people; `json` is the canonical one.
    public var prettyJSON: String {
        // Only a number that JSON cannot hold (NaN, infinity) can fail here.
        guard let data = try? JSONEncoder.canonical(pretty: true).encode(self) else { return json }
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads JSON text. Errors: `bad_json`.
    public init(json: String) throws {
        do {
            self = try JSONDecoder.canonical().decode(Value.self, from: Data(json.utf8))
        } catch {
            throw MusterError(.badJSON, "this is not JSON: \(json.prefix(60))")
        }
    }

    /// Any codable object as a plain value.
    public init<T: Encodable>(encoding object: T) throws {
        let data = try JSONEncoder.canonical(pretty: false).encode(object)
        self = try JSONDecoder.canonical().decode(Value.self, from: data)
    }

    /// A codable object from a plain value.
    public func decode<T: Decodable>(_ type: T.Type) throws -> T {
        let data = try JSONEncoder.canonical(pretty: false).encode(self)
        return try JSONDecoder.canonical().decode(type, from: data)
    }
}

extension JSONEncoder {
    /// The one encoder of Muster: sorted keys, so that equal objects give equal bytes.
    public static func canonical(pretty: Bool = false) -> JSONEncoder {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted] : [.sortedKeys, .withoutEscapingSlashes]
        return encoder
    }
}

extension JSONDecoder {
    public static func canonical() -> JSONDecoder { JSONDecoder() }
}
