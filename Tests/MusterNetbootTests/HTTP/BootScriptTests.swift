import MusterCore
import MusterEngine
import Testing

@testable import MusterNetboot

@Suite("Boot scripts") struct BootScriptTests {
    private let request = BootRequest(mac: Samples.mac, uuid: "11223344-5566-7788-99aa-bbccddeeff00")
    private let scripts = BootScript(network: Samples.network(arguments: "console=ttyS0 quiet"))

    private func image(export: String = "shop-7-x", server: String = "shop", token: String = "c0ffee", watchdog: WatchdogTerms? = nil)
        -> BootPlan
    {
        .image(
            ImageBoot(
                token: token, epoch: Epoch(7), server: ServerID(server),
                export: Export(epoch: Epoch(7), host: "10.77.0.1", port: 10809, name: export),
                address: IPv4Network("10.77.0.100/24"), heartbeatMilliseconds: 500, watchdog: watchdog))
    }

    private func kernelWords(_ script: String) throws -> [String] {
        let line = try #require(script.split(separator: "\n").first { $0.hasPrefix("kernel ") })
        return line.split(separator: " ").map(String.init)
    }

    @Test("a claim's image is on the kernel's line, with all the ramdisk needs") func image() throws {
        let words = try kernelWords(try scripts.text(for: image(), request: request))
        #expect(words[1] == "http://10.77.0.1:8080/files/vmlinuz")
        for word in [
            "initrd=ramdisk.gz", "panic=5", "muster.url=http://10.77.0.1:8080", "muster.mac=52:54:00:77:00:01",
            "muster.plan=image",
            "muster.token=c0ffee", "muster.epoch=7", "muster.server=shop", "muster.root=nbd:10.77.0.1:10809:shop-7-x",
            "muster.address=10.77.0.100/24", "muster.heartbeat=0.5", "console=ttyS0", "quiet",
        ] {
            #expect(words.contains(word), "\(word) is missing")
        }
    }

    @Test("a watchdog is told in seconds, and only where it is wanted") func watchdog() throws {
        let without = try scripts.text(for: image(), request: request)
        #expect(!without.contains("muster.watchdog") && !without.contains("muster.softdog"))
        let hard = try kernelWords(try scripts.text(for: image(watchdog: WatchdogTerms(timeout: 45_000)), request: request))
        #expect(hard.contains("muster.watchdog=45") && !hard.contains { $0.hasPrefix("muster.softdog") })
        let soft = try kernelWords(try scripts.text(for: image(watchdog: WatchdogTerms(soft: true)), request: request))
        #expect(soft.contains("muster.watchdog=30") && soft.contains("muster.softdog=1"))
    }

    @Test("a discovery tells no image") func discover() throws {
        let script = try scripts.text(for: .discover(token: "d15c"), request: request)
        let words = try kernelWords(script)
        #expect(words.contains("muster.plan=discover") && words.contains("muster.token=d15c"))
        #expect(!script.contains("nbd") && !script.contains("muster.root") && !script.contains("muster.epoch"))
    }

    @Test("waiting and errors ask again at the same URL, replacing the script") func again() throws {
        let url = "http://10.77.0.1:8080/boot.ipxe?mac=52:54:00:77:00:01&uuid=11223344-5566-7788-99aa-bbccddeeff00"
        let wait = try scripts.text(for: .wait(reason: "the export is not open yet"), request: request)
        #expect(
            wait
                == "#!ipxe\necho Muster: the export is not open yet\n:again\nsleep 2\nchain --replace --autofree \(url) ||\ngoto again\n"
        )
        let error = scripts.text(for: MusterError("store_full", "the disk is full"), request: request)
        #expect(error.contains("echo Muster: no boot plan: the disk is full\n:again\nsleep 5\nchain --replace"))
        #expect(scripts.renewal(request).contains("\ndhcp ||\n:again\nsleep 1\n"))
    }

    @Test("a local boot knows both firmwares") func local() throws {
        let script = try scripts.text(for: .local, request: request)
        #expect(script.contains("iseq ${platform} efi && exit || sanboot --no-describe --drive 0x80 || exit"))
    }

    @Test("a reason cannot become a command", arguments: ["a\nshell", "a\r\nshell", "${net0/ip} || shell && x", "a\u{0}b", "ü"])
    func reasons(reason: String) throws {
        let script = try scripts.text(for: .wait(reason: reason), request: request)
        #expect(script.split(separator: "\n").count == 6)
        let line = try #require(script.split(separator: "\n").dropFirst().first)
        for sign in ["$", "{", "|", "&", "\r", "\u{0}"] { #expect(!line.contains(sign)) }
    }

    @Test("a name that could be read as more is refused", arguments: ["", "a b", "a\nb", "a;b", "${x}", "a||b", "a/b", "ä"])
    func names(name: String) {
        for plan in [image(export: name), image(server: name), image(token: name), .discover(token: name)] {
            #expect(throws: MusterError.self) { try scripts.text(for: plan, request: request) }
        }
    }

    @Test("kernel arguments of the operator are checked", arguments: ["a || b", "x && y", "a\tb", "a\nb", "ü"])
    func operatorArguments(text: String) {
        #expect { try KernelArguments.operatorWords(text) } throws: { ($0 as? MusterError)?.code == .badFleet }
    }

    @Test(
        "a heartbeat's time is what sleep understands",
        arguments: [(1000, "1"), (500, "0.5"), (1050, "1.05"), (30_000, "30"), (0, "0")])
    func seconds(milliseconds: Int64, text: String) {
        #expect(KernelArguments.seconds(milliseconds: milliseconds) == text)
    }
}
