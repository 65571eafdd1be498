import Foundation
import Hummingbird
import MusterCore
import NIOCore

/// The arguments of a request: a JSON object in the body, or the parameters of the query.
enum RequestArguments {
    /// Errors: `bad_argument` for what should be a number or a truth and is not.
    static func value(query request: Request) throws -> Value {
        var fields: Fields = [:]
        for (name, text) in request.uri.queryParameters {
            fields[String(name)] = try typed(String(text), name: String(name))
        }
        return .object(fields)
    }

    /// No body counts as no arguments. Errors: `bad_json`, `bad_argument` for JSON that is no object.
    static func value(body: ByteBuffer) throws -> Value {
        let text = String(buffer: body)
        if text.allSatisfy(\.isWhitespace) { return [:] }
        let value = try Value(json: text)
        guard value.object != nil else {
            throw MusterError(.badArgument, "the body is no JSON object", hint: "send the arguments as {\"name\": value}")
        }
        return value
    }

    /// A query parameter has no type of its own, so its name decides.
    private static func typed(_ text: String, name: String) throws -> Value {
        switch name {
        case "limit", "after", "id":
            guard let number = Int64(text), number >= 0 else {
                throw MusterError(.badArgument, "\(name)=\(text) is not a number", hint: "write \(name)=10")
            }
            return .int(number)
        case "on", "confirm_off":
            guard text == "true" || text == "false" else {
                throw MusterError(.badArgument, "\(name)=\(text) is neither true nor false")
            }
            return .bool(text == "true")
        default:
            return .string(text)
        }
    }
}
