/* SPDX-License-Identifier: Apache-2.0 */
/* The codec of key BLOBs and what it stands on, on a machine that has its bytes the other way
 * round: the known answers of tests/vectors/capi, read and written again. codec KNOWN.txt */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/rd.h"
#include "base/text.h"
#include "crypto/md2.h"
#include "keyblob/anyblob.h"
#include "keyblob/header.h"
#include "keyblob/simple.h"
#include "standin.h"

#include <wincrypt.h>

#define LINE_MAX_ 20000
#define DATA_LEN 2048

#define MUST(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            (void)printf("%s:%d: %s\n", __FILE__, __LINE__, #cond);                                \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static const char *known_file;
static uint8_t value[LINE_MAX_ / 2];

static struct spk_span
known(const char *name)
{
    static char line[LINE_MAX_];
    size_t len = strlen(name);
    FILE *f = fopen(known_file, "r");
    MUST(f != NULL);
    while (fgets(line, sizeof line, f) != NULL) {
        if (strncmp(line, name, len) == 0 && line[len] == ' ') {
            (void)fclose(f);
            line[strcspn(line, "\n")] = '\0';
            line[len] = '0'; /* numbers may have lost a leading one */
            size_t digits = strlen(line + len + 1);
            struct spk_span hex = spk_span_str(line + len + (digits % 2 == 0));
            MUST(spk_ok(spk_hex_parse(hex, value, hex.len / 2)));
            return spk_span(value, hex.len / 2);
        }
    }
    (void)printf("no known answer %s\n", name);
    exit(1);
}

static void
machine(void)
{
    const uint32_t one = 1;
    uint8_t first = 0;
    memcpy(&first, &one, 1);
    (void)printf("bytes %s first\n", first == 1 ? "least significant" : "most significant");
    MUST(sizeof(PUBLICKEYSTRUC) == 8 && sizeof(RSAPUBKEY) == 12 && sizeof(DWORD) == 4);
    MUST(sizeof(PROV_ENUMALGS) == 32 && sizeof(PROV_ENUMALGS_EX) == 88);
}

static void
integers(void)
{
    static const uint8_t bytes[] = {0x12, 0x34, 0x12, 0x34, 0x56, 0x78,
                                    0x34, 0x12, 0x78, 0x56, 0x34, 0x12};
    SPK_AUTO_BUF struct spk_buf b = SPK_BUF(100);
    struct spk_rd r = spk_rd(SPK_SPAN_OF(bytes));
    uint16_t v16 = 0;
    uint32_t v32 = 0;
    MUST(spk_ok(spk_rd_u16(&r, &v16)) && v16 == 0x1234);
    MUST(spk_ok(spk_rd_u32(&r, &v32)) && v32 == 0x12345678);
    MUST(spk_ok(spk_rd_u16le(&r, &v16)) && v16 == 0x1234);
    MUST(spk_ok(spk_rd_u32le(&r, &v32)) && v32 == 0x12345678);
    MUST(spk_ok(spk_buf_u16(&b, 0x1234)) && spk_ok(spk_buf_u32(&b, 0x12345678)));
    MUST(spk_ok(spk_buf_u16le(&b, 0x1234)) && spk_ok(spk_buf_u32le(&b, 0x12345678)));
    MUST(spk_span_eq(spk_buf_span(&b), SPK_SPAN_OF(bytes)));
}

static void
public_blob(void)
{
    SPK_AUTO(spk_anyrsa) key = NULL;
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(1000);
    struct spk_rsa_parts p;
    uint32_t alg = 0;
    MUST(spk_ok(spk_anyblob_parse_public(known("demo.public"), &alg, &key)));
    MUST(alg == CALG_RSA_KEYX);
    spk_anyrsa_parts(key, &p);
    MUST(spk_span_eq(p.n, known("demo.n")));
    MUST(spk_ok(spk_anyblob_public(key, alg, &out)));
    MUST(spk_span_eq(spk_buf_span(&out), known("demo.public")));
}

static void
private_blob(void)
{
    SPK_AUTO(spk_anyrsa) pair = NULL;
    SPK_AUTO(spk_secret) out = NULL;
    struct spk_rsa_parts p;
    uint32_t alg = 0;
    MUST(spk_ok(spk_anyblob_parse_private(known("demo.private"), &alg, &pair)));
    spk_anyrsa_parts(pair, &p);
    MUST(spk_span_eq(p.n, known("demo.n")) && spk_span_eq(p.d, known("demo.d")));
    MUST(spk_span_eq(p.p, known("demo.p")) && spk_span_eq(p.q, known("demo.q")));
    MUST(spk_span_eq(p.dp, known("demo.dP")) && spk_span_eq(p.qinv, known("demo.qInv")));
    MUST(spk_ok(spk_anyblob_private(pair, alg, &out)));
    MUST(spk_span_eq(spk_secret_span(out), known("demo.private")));
}

/* Head and bytes of a SIMPLEBLOB; what is inside takes RSA, which is not here. */
static void
simple_blob(void)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(1000);
    uint8_t cipher[64];
    struct spk_span blob = known("simple1");
    MUST(blob.len == 12 + sizeof cipher);
    spk_reverse(spk_span(blob.ptr + 12, sizeof cipher), cipher);
    MUST(spk_ok(spk_simpleblob_build(CALG_RC4, SPK_SPAN_OF(cipher), &out)));
    MUST(spk_span_eq(spk_buf_span(&out), known("simple1")));
}

static void
digest(void)
{
    struct spk_md2 c = {0};
    uint8_t data[DATA_LEN], got[SPK_MD2_LEN];
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)i;
    }
    spk_md2_add(&c, SPK_SPAN_OF(data));
    spk_md2_final(&c, got);
    MUST(spk_span_eq(SPK_SPAN_OF(got), known("hash.md2")));
}

int
main(int argc, char **argv)
{
    MUST(argc == 2);
    known_file = argv[1];
    machine();
    integers();
    public_blob();
    private_blob();
    simple_blob();
    digest();
    (void)printf("key BLOBs: fine\n");
    return 0;
}
