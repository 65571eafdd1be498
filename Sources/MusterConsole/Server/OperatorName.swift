import Foundation
import HTTPTypes
import Hummingbird
import MusterCore
import NIOCore

/// The person who asks, for the record: what the request says, else the user whose process connected.
enum OperatorName {
    private static let longest = 64

    /// Errors: `bad_argument` for a name that could not stand in a record.
    static func of(_ request: Request, _ channel: any Channel) async throws -> String {
        if let name = HTTPField.Name("Muster-Operator"), let text = request.headers[name] {
            let isPlain = text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
            guard !text.isEmpty, text.count <= longest, isPlain else {
                throw MusterError(
                    .badArgument, "the operator's name is empty, longer than \(longest) characters, or not plain text")
            }
            return text
        }
        return await peer(channel)
    }

    /// `struct ucred` of unix(7), which Swift does not see.
    private struct Credentials {
        var pid: Int32
        var uid: UInt32
        var gid: UInt32
    }

    /// The user at the other end of the socket (SO_PEERCRED, unix(7)).
    private static func peer(_ channel: any Channel) async -> String {
        guard let options = channel as? any SocketOptionProvider,
            let credentials: Credentials = try? await options.unsafeGetSocketOption(
                level: .init(SOL_SOCKET), name: .init(SO_PEERCRED)
            ).get()
        else { return "unknown" }
        return UserName.of(credentials.uid)
    }
}

/// The names of users.
public enum UserName {
    /// A user's name, or `uid 1000` for one that the system has no name for.
    public static func of(_ uid: UInt32) -> String {
        var entry = passwd()
        var found: UnsafeMutablePointer<passwd>?
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(uid, &entry, &buffer, buffer.count, &found) == 0, found != nil, let name = entry.pw_name else {
            return "uid \(uid)"
        }
        return String(cString: name)
    }

    /// The person at this process: who called sudo, else the process's user.
    public static var current: String {
        if getuid() == 0, let name = ProcessInfo.processInfo.environment["SUDO_USER"], !name.isEmpty { return name }
        return of(getuid())
    }
}
