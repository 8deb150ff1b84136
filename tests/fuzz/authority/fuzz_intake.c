/* SPDX-License-Identifier: Apache-2.0 */
/* A deposit as JSON and the record of a file, through every check that needs no key. The corpus is
 * made for the key of tests/vectors/wire/. First byte: 0 JSON, else its value is the length of a
 * record's BLOB divided by 4. */
#include "../../unit/authority/site.h"

#include "authority/intake.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char spki_hex[] =
    "30820122300d06092a864886f70d01010105000382010f003082010a028201010093ee698195ded2ae2acd5c"
    "acf430e4f8387ba333727399a81a7b6ae75385dddc7f544bf8eb4451d38fb956567ac83c14f5d315ff7b56a4"
    "f3b52083fb15993d5e969bb2468ff6ea97858347e3c2d46f152c57a8357b6831189d9e7eb9f0572b371d641c"
    "348628e6dff9dff515cb4c6be9feb9190315925785bd18f9892f8b0fbd557e9e089b0f2430dbec1c87dbef78"
    "a4aa0f3293164b35191df6fe5594df6a31a0f34a57220d7b6170dfd290a2ec4af93d8e1f5a8aa411559c3201"
    "79d0e57385a42ab948afe07811e8e40d4b924eac48dfd7e47b22c375f160756d86c7664d8c330f9f2b0d35d2"
    "671d70ea19d9b12ebdaf50296219e07c2a283a38de67cd56830203010001";

static struct spk_books *books;

static void
make_books(void)
{
    struct site site;
    struct spk_rsa *key = NULL;
    struct spk_store *store = NULL;
    uint8_t der[(sizeof(spki_hex) - 1) / 2];
    const struct spk_store_cfg cfg = {.readers = 1};
    char why[SPK_WHY_MAX];

    assert_spk_ok(spk_hex_parse(spk_span_str(spki_hex), der, sizeof(der)));
    assert_spk_ok(spk_rsa_from_spki(SPK_SPAN_OF(der), &key));
    site_make_of(&site, key);
    assert_spk_ok(spk_store_open("memory", &cfg, &store));
    assert_spk_ok(spk_books_load(site.dir, store, why, &books));
    spk_store_free(store);
    site_clear(&site);
}

/* Whatever came in: an answer can be made, and what was taken can be written and believed. */
static void
finish(struct spk_intake *in)
{
    SPK_AUTO_BUF struct spk_buf out = SPK_BUF(65536);
    struct spk_jw w = {.b = &out};

    if (in->status == SPK_HTTP_OK) {
        struct spk_deposit_row row;
        assert_spk_ok(spk_intake_stamp(in, 1234));
        row = in->row;
        assert_spk_ok(spk_deposit_row_verify(&row));
        in->result.what = SPK_PUT_NEW;
    } else {
        assert_non_null(in->message);
    }
    spk_jw_open(&w, NULL, '{');
    spk_intake_answer(in, &w);
    spk_jw_close(&w, '}');
    assert_spk_ok(spk_jw_end(&w));
    spk_intake_clear(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct spk_hash owner = {{0}};
    struct spk_intake in;

    if (books == NULL) {
        make_books();
    }
    if (size == 0) {
        return 0;
    }
    size_t blob = (size_t)data[0] * 4;
    if (data[0] == 0) {
        spk_intake_json(books, &owner, 1, spk_span(data + 1, size - 1), &in);
    } else if (size - 1 >= blob) {
        spk_intake_record(books, spk_span(data + 1 + blob, size - 1 - blob),
                          spk_span(data + 1, blob), &in);
    } else {
        return 0;
    }
    finish(&in);
    return 0;
}
