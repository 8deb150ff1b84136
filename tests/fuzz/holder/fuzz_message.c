/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of any bytes to a holder that has keys and a policy: it answers or hangs up, and no key
 * comes out. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"

static struct spk_keys *keys;
static struct spk_buf genesis;

/* One officer, quorum one: the least that there is. */
static void
make_policy(void)
{
    SPK_AUTO(spk_secret) officer = fuzz_seed();
    SPK_AUTO_BUF struct spk_buf text = SPK_BUF(SPK_NOTE_MAX);
    static struct spk_policy p = {.number = 1,
                                  .quorum = 1,
                                  .deny = 1,
                                  .request_life = 1000,
                                  .approval_life = 1000,
                                  .n_officers = 1};
    uint8_t pub[32];

    MUST(spk_ed25519_public(officer, pub));
    MUST(spk_vkey_make("officer/one", pub, &p.officers[0].key));
    p.officers[0].person[0] = 'o';
    p.officers[0].seal[0] = 9;
    MUST(spk_policy_format(&p, &text));
    genesis = SPK_BUF(SPK_NOTE_MAX);
    MUST(spk_note_sign(spk_buf_span(&text), NULL, "officer/one", officer, &genesis));
}

static void
make_once(void)
{
    struct spk_note n;
    struct spk_hash hash;
    SPK_AUTO(spk_secret) seed = NULL;
    SPK_AUTO(spk_rsa) pair = NULL;

    if (keys != NULL) {
        return;
    }
    make_policy();
    MUST(spk_note_parse(spk_buf_span(&genesis), false, &n));
    MUST(spk_note_hash(&n, &hash));
    keys = spk_calloc(1, sizeof(*keys));
    must(keys != NULL);
    MUST(spk_secret_from(SPK_SPAN_LIT("another seed, of this very holder"), &seed));
    spk_secret_truncate(seed, 32);
    MUST(spk_keys_identity(keys, SPK_SPAN_LIT("fuzz"), &hash, seed));
    MUST(spk_rsa_generate(2048, &pair));
    MUST(spk_keys_add(keys, 1, pair));
}

static struct spk_keys *
keys_again(void)
{
    struct spk_keys *k = spk_calloc(1, sizeof(*k));

    must(k != NULL);
    MUST(spk_keys_identity(k, SPK_SPAN_LIT("fuzz"), &keys->genesis, keys->seed));
    MUST(spk_keys_add(k, 1, keys->epoch[0].pair));
    return k;
}

static struct spk_holder *
make_holder(void)
{
    SPK_AUTO_JOURNAL j = SPK_JOURNAL_NONE;
    struct spk_hstate *s = NULL;
    struct spk_holder *h = NULL;
    int fd = memfd_create("journal", MFD_CLOEXEC);

    must(fd >= 0);
    MUST(spk_journal_start(fd, keys->seed, &keys->genesis, &j));
    MUST(spk_state_new(&keys->genesis, &s));
    MUST(spk_holder_on(keys_again(), &j, s, &h));
    const struct spk_span part = spk_buf_span(&genesis);
    MUST(spk_holder_commit(h, SPK_JREC_POLICY, &part, 1));
    fd = memfd_create("logs", MFD_CLOEXEC);
    must(fd >= 0);
    MUST(spk_logsfile_on(fd, h->keys, &h->logsfile));
    return h;
}

static void
check_answer(struct spk_span reply)
{
    struct spk_frame f;
    struct spk_attrs l;

    MUST(spk_frame_parse(reply, &f));
    MUST(spk_attrs_parse(f.body, &l));
    must(f.status == SPK_FRAME_OK || l.n == 0);
    must(!spk_attrs_has(&l, SPK_FA_BLOB));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    SPK_AUTO_BUF struct spk_buf packet = SPK_BUF(SPK_FRAME_MAX);
    SPK_AUTO_BUF struct spk_buf reply = SPK_BUF(SPK_FRAME_MAX);
    struct spk_rd r = spk_rd(spk_span(data, size));
    struct spk_hsession s = {.greeted = true, .may_stop = false};
    struct spk_span body;
    uint16_t type;
    bool end;

    make_once();
    SPK_AUTO(spk_holder) h = make_holder();
    while (fuzz_piece(&r, &type, &body)) {
        spk_buf_reset(&packet);
        spk_buf_reset(&reply);
        if (!spk_ok(spk_frame_build(type, 0, 1, body, &packet))) {
            continue;
        }
        if (spk_holder_serve(h, &s, spk_buf_span(&packet), &reply, &end)) {
            check_answer(spk_buf_span(&reply));
        }
    }
    if (spk_holder_serve(h, &s, spk_span(data, size), &reply, &end)) {
        must(reply.len > 0);
    }
    return 0;
}
