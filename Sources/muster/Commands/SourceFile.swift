import Foundation
import MusterCore

/// Files of Lua that are sent to the engine.
enum SourceFile {
    /// The text of a file, or of standard input for `-`. Errors: `not_found`, `bad_argument` for what is no UTF-8 text.
    static func read(_ path: String) throws -> String {
        let file = path == "-" ? FileHandle.standardInput : FileHandle(forReadingAtPath: path)
        guard let file, let data = try? file.readToEnd() ?? Data() else {
            throw MusterError(.notFound, "cannot read \(path)", hint: "check the path and the file's mode", place: path)
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw MusterError(.badArgument, "\(path) is not UTF-8 text", place: path)
        }
        return text
    }
}
