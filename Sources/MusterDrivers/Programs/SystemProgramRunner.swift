import CLinuxShim
import Foundation
import MusterCore
import MusterEngine

/// Programs as child processes; on machines by OpenSSH's client. Each holds a thread of the runner's own while it executes.
public struct SystemProgramRunner: ProgramRunner {
    private let pool: ThreadPool
    private let ssh: String

    /// - Parameters:
    ///   - threads: How many programs execute at the same time; more wait for their turn.
    ///   - ssh: The path of OpenSSH's client.
    public init(threads: Int = 32, ssh: String = "/usr/bin/ssh") {
        pool = ThreadPool(name: "muster-exec", limit: threads)
        self.ssh = ssh
    }

    public func run(_ request: ProgramRequest) async throws -> ProgramResult {
        let command = try request.remote.map { try RemoteCommand(request, $0, ssh: ssh).words } ?? [request.program] + request.arguments
        let result: ProgramResult = try await withCheckedThrowingContinuation { continuation in
            pool.submit { continuation.resume(with: Result { try ProgramProcess(command, request).run() }) }
        }
        if let remote = request.remote { try RemoteCommand.check(result, request, remote) }
        return result
    }
}
