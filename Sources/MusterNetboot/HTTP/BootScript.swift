import MusterCore
import MusterEngine

/// The iPXE script that a machine gets for its boot plan.
struct BootScript {
    private let network: BootNetwork
    private let url: String

    init(network: BootNetwork) {
        self.network = network
        url = BootURL.base(of: network)
    }

    /// Errors: `MusterError` when the plan cannot be told to a machine.
    func text(for plan: BootPlan, request: BootRequest) throws -> String {
        switch plan {
        case .discover(let token):
            var arguments = try KernelArguments(machine: request.mac, plan: "discover", token: token, url: url)
            try arguments.add(operatorArguments: network.kernelArguments)
            return kernel(arguments, title: "machine \(request.mac) is asked what it is", request: request)
        case .image(let image):
            var arguments = try KernelArguments(machine: request.mac, plan: "image", token: image.token, url: url)
            try arguments.add(image)
            try arguments.add(operatorArguments: network.kernelArguments)
            return kernel(arguments, title: "server \(image.server), epoch \(image.epoch)", request: request)
        case .local:
            return script([
                say("this machine boots from its own disk"),
                // UEFI firmware boots the next entry of its own list; a BIOS disk is started from here.
                "iseq ${platform} efi && exit || sanboot --no-describe --drive 0x80 || exit",
            ])
        case .wait(let reason):
            return script([say(reason)] + again(request, seconds: 2))
        }
    }

    /// For a machine whose plan nobody could give.
    func text(for error: MusterError, request: BootRequest) -> String {
        script([say("no boot plan: \(error.message)")] + again(request, seconds: 5))
    }

    /// For a machine whose lease this engine does not know, or that has another address now. Tells it nothing but to ask for one.
    func renewal(_ request: BootRequest) -> String {
        script([say("asking for the address again"), "dhcp ||"] + again(request, seconds: 1))
    }

    private func kernel(_ arguments: KernelArguments, title: String, request: BootRequest) -> String {
        script(
            [
                say(title),
                "kernel \(BootURL.file("vmlinuz", base: url)) \(arguments.words.joined(separator: " ")) || goto failed",
                "initrd \(BootURL.file("ramdisk.gz", base: url)) || goto failed",
                "boot || goto failed",
                ":failed",
                say("the kernel did not start, trying again"),
                "imgfree",
            ] + again(request, seconds: 5))
    }

    /// Asks anew, for ever: `--replace` ends this script before the next one begins, so that nothing piles up in the machine.
    private func again(_ request: BootRequest, seconds: Int) -> [String] {
        let url = BootURL.script(base: url, request: request)
        return [":again", "sleep \(seconds)", "chain --replace --autofree \(url) ||", "goto again"]
    }

    private func script(_ lines: [String]) -> String { "#!ipxe\n" + lines.joined(separator: "\n") + "\n" }

    /// A line for the machine's console; what iPXE would read as anything but text becomes a question mark.
    private func say(_ text: String) -> String {
        let marks = " .,:;()/_-+=%@'\"!?<>*".utf8
        let octets = text.utf8.prefix(200).map { octet in
            octet.isDigit || octet.isLetter || marks.contains(octet) ? octet : UInt8(ascii: "?")
        }
        return "echo Muster: " + String(decoding: octets, as: UTF8.self)
    }
}
