import Foundation

extension MusterError.Code {
    /// Muster itself failed.
    public static let unexpected: Self = "internal"
}

extension MusterError {
    /// An error of any kind as one that people may see. What has no words for them goes to the log (standard error), since the names of
    /// types tell a reader nothing.
    public init(unexpected error: any Error) {
        switch error {
        case let known as MusterError: self = known
        case is CancellationError: self.init(.cancelled, "it was given up", hint: "try again")
        default:
            FileHandle.standardError.write(Data("internal: \(String(reflecting: error))\n".utf8))
            self.init(
                .unexpected, "Muster itself failed here", hint: "its log says more (a line that begins with internal:); please report it")
        }
    }
}
