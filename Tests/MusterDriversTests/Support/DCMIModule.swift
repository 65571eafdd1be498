import Foundation

/// A module for `ipmi_sim` by which its controller answers DCMI's Get Power Reading, compiled once for all tests. It has to be preloaded, too:
/// `ipmi_sim` lets only an administrator give commands that it does not know itself, and DCMI's specification lets any user read.
enum DCMIModule {
    /// Errors: a failure that says what is missing.
    static func path() async throws -> String { try await compiled.value }

    private static let compiled = Task<String, any Error> {
        let scratch = try Scratch()
        try scratch.write("dcmi.c", source)
        // It is loaded by processes that end with their tests; the folder would end with this task.
        let module = NSTemporaryDirectory() + "muster-dcmi-\(getpid()).so"
        let result = try await Program.run("gcc", package: "gcc", ["-shared", "-fPIC", "-Wall", "-o", module, scratch.file("dcmi.c")])
        guard result.status == 0 else {
            throw TestFailure(description: "the module for ipmi_sim cannot be compiled (apt-get install libopenipmi-dev): \(result.output)")
        }
        atexit { unlink(NSTemporaryDirectory() + "muster-dcmi-\(getpid()).so") }
        return module
    }

    /// Its option is a folder with a file `draw`: watts, and the state of DCMI 1.5, section 6.6.1 (64: active). Each question is a line of `asked`.
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdio.h>
        #include <string.h>
        #include <OpenIPMI/mcserv.h>
        #include <OpenIPMI/serv.h>

        static char draw[512], asked[512];

        static void answer(lmc_data_t *mc, msg_t *msg, unsigned char *rdata, unsigned int *rdata_len, void *cb_data)
        {
            unsigned int watts, state;
            FILE *file = fopen(asked, "a");
            if (file) {
                fprintf(file, "%02x %02x %02x\\n", msg->cmd, msg->len > 0 ? msg->data[0] : 0, msg->len > 1 ? msg->data[1] : 0);
                fclose(file);
            }
            file = fopen(draw, "r");
            if (!file || fscanf(file, "%u %u", &watts, &state) != 2) {
                rdata[0] = 0xc1;
                *rdata_len = 1;
            } else {
                memset(rdata, 0, 19);
                rdata[1] = 0xdc;
                for (int number = 0; number < 4; number++) {
                    rdata[2 + 2 * number] = (watts + number) & 0xff;
                    rdata[3 + 2 * number] = (watts + number) >> 8;
                }
                rdata[18] = state;
                *rdata_len = 19;
            }
            if (file) fclose(file);
        }

        int ipmi_cmd_permitted(unsigned char priv, unsigned char netfn, unsigned char cmd)
        {
            int (*own)(unsigned char, unsigned char, unsigned char) = dlsym(RTLD_NEXT, "ipmi_cmd_permitted");
            return netfn == 0x2c ? 1 : own(priv, netfn, cmd);
        }

        int ipmi_sim_module_init(sys_data_t *sys, const char *folder)
        {
            snprintf(draw, sizeof(draw), "%s/draw", folder);
            snprintf(asked, sizeof(asked), "%s/asked", folder);
            ipmi_emu_register_group_extension_handler(0xdc, answer, NULL);
            return 0;
        }

        """
}
