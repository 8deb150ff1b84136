/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/frame.h"

#define FRAME_MAGIC 0x534b5031u /* "SKP1" */

spk_err
spk_frame_build(uint16_t type, uint16_t status, uint32_t seq, struct spk_span body,
                struct spk_buf *out)
{
    SPK_CHECK(body.len <= SPK_FRAME_MAX - SPK_FRAME_HEAD, LIMIT);
    SPK_TRY(spk_buf_reserve(out, SPK_FRAME_HEAD + body.len));
    SPK_TRY(spk_buf_u32(out, FRAME_MAGIC));
    SPK_TRY(spk_buf_u16(out, type));
    SPK_TRY(spk_buf_u16(out, status));
    SPK_TRY(spk_buf_u32(out, (uint32_t)body.len));
    SPK_TRY(spk_buf_u32(out, seq));
    return spk_buf_add(out, body);
}

spk_err
spk_frame_parse(struct spk_span packet, struct spk_frame *ret_f)
{
    struct spk_rd r = spk_rd(packet);
    struct spk_frame f;
    uint32_t magic;

    SPK_CHECK(packet.len <= SPK_FRAME_MAX, LIMIT);
    SPK_TRY(spk_rd_u32(&r, &magic));
    SPK_CHECK(magic == FRAME_MAGIC, FORMAT);
    SPK_TRY(spk_rd_u16(&r, &f.type));
    SPK_TRY(spk_rd_u16(&r, &f.status));
    uint32_t length;
    SPK_TRY(spk_rd_u32(&r, &length));
    SPK_TRY(spk_rd_u32(&r, &f.seq));
    SPK_TRY(spk_rd_span(&r, length, &f.body));
    SPK_TRY(spk_rd_end(&r));
    *ret_f = f;
    return SPK_OK;
}

const char *
spk_request_state_name(enum spk_request_state s)
{
    switch (s) {
    case SPK_STATE_OPEN:
        return "open";
    case SPK_STATE_WAITING:
        return "waiting";
    case SPK_STATE_CONFIRM:
        return "confirm";
    case SPK_STATE_APPROVED:
        return "approved";
    case SPK_STATE_DENIED:
        return "denied";
    case SPK_STATE_VETOED:
        return "vetoed";
    case SPK_STATE_EXPIRED:
        return "expired";
    case SPK_STATE_DONE:
        return "done";
    }
    return "unknown";
}
