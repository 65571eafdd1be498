/// The answer to a client's first packet: a file to send, or an error.
enum TFTPAdmission: Hashable {
    case transfer(TFTPRequest, BootFiles.File)
    case refuse(TFTPErrorCode, String)
    /// A packet that belongs to no transfer.
    case ignore

    init(_ packet: TFTPPacket, files: BootFiles) {
        switch packet {
        case .read(let request): self = Self.read(request, files: files)
        case .write: self = .refuse(.accessViolation, "this server is read-only")
        case .data, .acknowledge, .options: self = .refuse(.unknownTransfer, "no transfer runs on this port")
        // An error is never answered with an error.
        case .error: self = .ignore
        }
    }

    private static func read(_ request: TFTPRequest, files: BootFiles) -> TFTPAdmission {
        // A text transfer changes the ends of lines at both sides; done to a boot loader by a client's default it destroys the
        // file in silence, so it is refused.
        guard request.mode.lowercased() == "octet" else { return .refuse(.illegalOperation, "use binary (octet) mode") }
        let name = request.file.hasPrefix("/") ? String(request.file.dropFirst()) : request.file
        guard let file = files.file(name) else { return .refuse(.fileNotFound, "no such file") }
        return .transfer(request, file)
    }
}
