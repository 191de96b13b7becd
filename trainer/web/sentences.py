"""The sentence of every refusal and of every problem with a field, by its code, in the reader's language.

One table for pages and API alike: a code that is missing here is found by a test. ``{name}`` takes a parameter of
the refusal; numbers and times arrive as they should be read.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l

from trainer.core.errors import Invalid, Refused
from trainer.web.locale import decimal_text, local_date, local_time

SENTENCES: dict[str, Any] = {
    # --- any request
    "refused": _l("现在不能这样做。"),
    "invalid": _l("填写的内容有问题，请按各处提示修改后重新提交。"),
    "forbidden": _l("您没有进行这项操作的权限。"),
    "not_found": _l("没有找到这一页或这条记录，它可能不存在，也可能不在您的管理范围内。"),
    "method_not_allowed": _l("这个地址不接受这种请求。"),
    "conflict": _l("内容已被别人更改，请刷新后再试。"),
    "busy": _l("系统正忙，本次内容没有保存，请稍后再试。"),
    "unavailable": _l("数据库暂时不可用，本次内容没有保存，请稍后再试。"),
    "internal_error": _l("系统出了差错，已经记录。请稍后再试，或把请求编号告诉管理员。"),
    "too_large": _l("提交的内容太大。"),
    "not_json": _l("请求正文不是有效的 JSON。"),
    "unsupported_media_type": _l("请求的内容类型不受支持。"),
    "bad_request": _l("请求的格式不正确。"),
    "too_many_requests": _l("操作过于频繁，请稍后再试。"),
    "cross_site_request": _l("这个请求来自其他网站，已被拒绝。"),
    "csrf_failed": _l("页面已过期，请刷新后重试。刚才填写的内容没有保存。"),
    "https_needed": _l("请使用 https 地址访问本站。"),
    "token_reads_only": _l("这个接口令牌只能读取数据。"),
    # --- fields
    "required": _l("请填写这一项。"),
    "too_long": _l("最多 {most} 个字符。"),
    "too_short": _l("至少 {least} 个字符。"),
    "out_of_range": _l("应在 {least} 到 {most} 之间。"),
    "too_small": _l("不能小于 {least}。"),
    "too_large_number": _l("不能大于 {most}。"),
    "unknown_value": _l("没有“{value}”这个选项。"),
    "bad_format": _l("格式不正确。"),
    "date_out_of_range": _l("请填写 1900 年至 2999 年之间的日期。"),
    "minutes_or_moment": _l("请在推后的分钟数和开考时间中只填一项。"),
    "unknown_field": _l("没有这一项。"),
    "taken": _l("“{value}”已经存在。"),
    "control_characters": _l("这里有无法识别的控制字符，请删去后重试。"),
    # --- sittings
    "sitting_has_begun": _l("这一场已经开考，时间不能再改。需要补时请在监考页面操作。"),
    "sitting_is_taken": _l("这一场还有考生，或是唯一的一场，不能删除。"),
    "too_many_sittings": _l("最多 {most} 场。"),
    "no_sitting_ahead": _l("没有尚未开考的场次可以安排。"),
    "no_such_form": _l("没有这一套平行试卷。"),
    "room_full": _l("座位不够，还差 {missing} 个。"),
    "pass_mark_of_nothing": _l("认定学时的考试，合格线要大于 0 分。"),
    "mock_earns_nothing": _l("模拟考不认定学时，请清空这一项。"),
    # --- signing in
    "not_signed_in": _l("请先登录。"),
    "bad_credentials": _l("用户名或密码不正确。"),
    "bad_ticket": _l("准考码不正确，或已不在有效时间内。"),
    "locked": _l("连续多次登录失败，请在 {until} 之后再试，或请管理员重置密码。"),
    "in_line": _l("现在登录的人很多，前面还有 {place} 人。大约 {seconds} 秒后再按“登录”，您的位置会保留。"),
    "password_change_due": _l("请先设置自己的密码。"),
    "password_wrong": _l("当前密码不正确。"),
    "password_too_short": _l("密码至少 {least} 个字符。"),
    "password_too_long": _l("密码最多 {most} 个字符。"),
    "password_too_common": _l("这个密码太常见，请换一个。"),
    "password_contains_name": _l("密码不能包含用户名。"),
    "password_same": _l("新密码不能与当前密码相同。"),
    # --- people, units, grants
    "bad_username": _l("用户名应为 3 至 64 个小写字母、数字或 . _ - ，以字母或数字开头和结尾。"),
    "unknown_unit": _l("没有代码为“{value}”的单位，或它不在您的管理范围内。"),
    "unknown_person": _l("没有用户名为“{value}”的人员，或不在您的管理范围内。"),
    "unknown_role": _l("没有“{value}”这个角色。"),
    "unknown_enforcement_field": _l("没有“{value}”这个执法领域。"),
    "unit_has_people": _l("该单位还有 {count} 名人员，不能停用。"),
    "unit_moves_below_itself": _l("不能把单位移到它自己的下级。"),
    "grant_exists": _l("该人员已有这项授权。"),
    "grant_beyond_own": _l("只能授予自己管理范围之内的权限。"),
    "last_administrator": _l("这是最后一名系统管理员，不能收回授权或锁定账号。"),
    "not_on_oneself": _l("不能对自己进行这项操作。"),
    "unit_closed": _l("“{value}”已经停用，请选择其他单位。"),
    "person_above_own": _l("该人员持有您无权授予的角色，只有有权授予这些角色的管理员才能锁定账号或重置密码。"),
    "person_has_left": _l("该人员已调离，不能再授予角色。"),
    "password_session_needed": _l("这项操作要求您用密码登录本站，不能用准考码或接口令牌代替。"),
    "officer_role_follows_category": _l("学员角色由人员类别决定，请改人员类别，不能单独收回。"),
    "bad_unit_code": _l("单位代码应为 1 至 40 个大写字母、数字或 - ，以字母或数字开头和结尾。"),
    "unit_has_units": _l("该单位下面还有 {count} 个在用的单位，不能停用。"),
    "unit_has_no_active_parent": _l("上级单位已经停用，请先恢复上级单位。"),
    "root_unit_stays": _l("最上级单位不能移动或停用。"),
    "tree_too_deep": _l("单位层级太多，最多 {most} 级。"),
    "dates_reversed": _l("结束日期不能早于开始日期。"),
    "field_twice": _l("“{value}”在这段时间内填写了两次。"),
    # --- spreadsheets and the officer list
    "file_needed": _l("请选择文件。"),
    "sheet_not_xlsx": _l("这不是 .xlsx 表格文件，请用 Excel 或 WPS 另存为 .xlsx 后再上传。"),
    "sheet_is_xls": _l("这是旧的 .xls 格式，请用 Excel 或 WPS 打开后另存为 .xlsx，再上传。"),
    "sheet_encrypted": _l("这个表格设有打开密码，请去掉密码后再上传。"),
    "sheet_too_large": _l("文件太大，最大 {most} MB。"),
    "sheet_unpacks_too_large": _l("这个文件解开后异常庞大，已拒绝读取。请只保留名单本身，重新另存后再上传。"),
    "sheet_too_many_rows": _l("行数太多，一次最多 {most} 行，请分批导入。"),
    "sheet_too_many_columns": _l("列数太多，最多 {most} 列。"),
    "sheet_too_slow": _l("读取这个表格用时过长，已停止。请只保留名单本身，重新另存后再上传。"),
    "sheet_unreadable": _l("这个表格已损坏或不符合规范，无法读取。请用 Excel 或 WPS 重新另存后再上传。"),
    "sheet_empty": _l("表格里没有数据行。"),
    "no_header": _l("没有找到表头。表头应含有这些列：{columns}。"),
    "column_twice": _l("表头中“{value}”出现了两次。"),
    "medium_of_unknown_type": _l("只接受 PNG、JPEG、GIF、WebP 图片，MP4、WebM 视频和 MP3、Ogg 音频。"),
    "too_many": _l("最多 {most} 个，现有 {count} 个。"),
    "nothing_to_export": _l("没有符合条件的试题。"),
    "too_many_files": _l("一次最多 {most} 个文件。"),
    "file_or_text_needed": _l("请选择文件，或粘贴试题文字。"),
    "reading_failed": _l("读取时出错，已停止，没有写入任何内容。请换一种格式另存后再试。"),
    "reads_too_slowly": _l("读取用时过长，已停止，没有写入任何内容。请分成几个文件再导入。"),
    "reads_too_large": _l("读取所需内存超过限度，已停止，没有写入任何内容。请分成几个文件再导入。"),
    "too_many_questions": _l("有 {count} 道题，一次最多 {most} 道，请分成几个文件再导入。"),
    "import_moved": _l("这次导入已经进行到别的步骤，请刷新后再看。"),
    "import_bank_changed": _l("预览之后题库有了变化，已重新比对。请核对新的预览后再确认。"),
    "upload_gone": _l("上传的文件已不在服务器上，请重新上传。"),
    "roster_has_refused_rows": _l("名单中有 {count} 行未通过检查，一行都没有导入。请改正后重新上传。"),
    "roster_changed": _l("预览之后系统中的数据有了变化，请核对新的预览后再确认。"),
    "twice_in_file": _l("与第 {row} 行重复。"),
    "ambiguous_unit": _l("有 {count} 个单位叫“{value}”，请改填单位代码。"),
    "bad_date": _l("看不懂日期“{value}”，请写成 2026-01-31 这样。"),
    "digits_lost": _l("这一格是数字格式，后几位已被表格软件改成 0，请设为文本格式后重新填写。"),
    "cell_error": _l("这一格是公式错误值“{value}”，请改为实际内容。"),
    "certificate_taken": _l("证件号“{value}”已登记在别人名下。"),
    "account_not_active": _l("“{value}”的账号已锁定或已调离，不能生成令牌。"),
    "person_left_in_list": _l("该人员已标记为调离，请先在人员页面恢复，再导入。"),
    # --- attempts
    "not_a_candidate": _l("您不在这场考试的考生名单中。"),
    "not_open": _l("考试尚未开始，开考时间为 {opens_at}。"),
    "closed": _l("这场考试已经结束。"),
    "attempts_used_up": _l("您已交卷，这场考试的作答次数已用完。"),
    "attempt_closed": _l("答卷已提交或作答时间已到，这次的内容没有保存。"),
    "device_stopped": _l("监考员已停止在这台设备上作答。要继续，请重新进入考试。"),
    "taken_over": _l("这份答卷已在另一个页面或设备上继续作答，本页只能查看。"),
    "no_such_item": _l("试卷中没有第 {number} 题。"),
    "item_left": _l("第 {number} 题已经离开，不能再作答，这次的内容没有保存。"),
    "wrong_answer_shape": _l("第 {number} 题的作答格式不正确。"),
    # --- results
    "key_not_printable": _l("全体考生的作答时间结束后才能印制答案。"),
    "draw_not_public": _l("全体考生的作答时间结束后才公布随机种子和抽题方案。"),
    "nobody_to_resit": _l("没有可以列入补考的人：所选的人都已列入补考，或者没有这样的人。没有新建草稿。"),
    "not_released": _l("成绩尚未公布。"),
    # --- marking by people
    "marker_is_candidate": _l("您是这场考试的考生，不能评阅这场考试。"),
    "candidate_cannot_mark": _l("“{value}”是这场考试的考生，不能评阅这场考试。"),
    "not_a_marker": _l("所选人员中有人没有阅卷权限，请刷新后重新选择。"),
    "too_few_markers": _l("至少选择 {least} 名阅卷人。"),
    "marking_begun": _l("已经有人给分，评阅方式和允许分差不能再改；阅卷人和每批份数仍可调整。"),
    "marking_not_begun": _l("考试到 {ended_at} 才结束，此前可能还有人在作答，不能阅卷。"),
    "nothing_to_mark": _l("现在没有等您评阅的答题。"),
    "answer_not_held": _l("这份答题已不在您手上：领取已经到期或已被收回，这次的给分没有保存。"),
    "marks_are_out": _l("成绩已经公布，给分不能再改。"),
    "no_other_marker": _l("这一批中有答题没有其他阅卷人可以评，请先在阅卷方案中增加阅卷人。"),
    "marker_taken_out": _l("这位阅卷人已不在阅卷方案中，请改为交给其他阅卷人，或先把他加回方案。"),
    "line_count": _l("每一条评分要点都要给分，共 {count} 条。"),
    # --- papers and exams, the organiser's side
    "not_enough_items": _l("题库的试题不够组卷，还缺 {missing} 道。请看各大题的说明。"),
    "section_lacks_items": _l(
        "第 {section} 大题“{title}”需要 {wanted} 道，题库符合条件的有 {found} 道，还缺 {missing} 道。"
    ),
    "section_shares_items": _l(
        "第 {section} 大题“{title}”需要 {wanted} 道，题库符合条件的有 {found} 道，但其他大题也要用，还缺 {missing} 道。"
    ),
    "reserved_not_allowed": _l("您没有使用保留题库的权限，请由赛事组织者组卷。"),
    "unknown_items": _l("第 {section} 大题指定的试题不存在、未发布或题型不符：{items}。"),
    "rival_items": _l("第 {section} 大题指定的试题与另一道指定的试题互为变式或相互提示，不能同卷：{items}。"),
    "surplus_items": _l("第 {section} 大题指定的试题超出了按难度或层次分配的题数：{items}。"),
    "section_lacks_difficulty": _l(
        "第 {section} 大题“{title}”难度 {quota} 需要 {wanted} 道，可用的有 {found} 道，还缺 {missing} 道。"
    ),
    "section_lacks_recall": _l(
        "第 {section} 大题“{title}”识记层次需要 {wanted} 道，可用的有 {found} 道，还缺 {missing} 道。"
    ),
    "section_lacks_understand": _l(
        "第 {section} 大题“{title}”理解层次需要 {wanted} 道，可用的有 {found} 道，还缺 {missing} 道。"
    ),
    "section_lacks_apply": _l(
        "第 {section} 大题“{title}”应用层次需要 {wanted} 道，可用的有 {found} 道，还缺 {missing} 道。"
    ),
    "section_lacks_case": _l(
        "第 {section} 大题“{title}”案例分析层次需要 {wanted} 道，可用的有 {found} 道，还缺 {missing} 道。"
    ),
    "section_lacks_difficulty_recall": _l(
        "第 {section} 大题“{title}”难度 {quota}、识记层次的题还缺 {missing} 道，两项都符合的有 {found} 道。"
    ),
    "section_lacks_difficulty_understand": _l(
        "第 {section} 大题“{title}”难度 {quota}、理解层次的题还缺 {missing} 道，两项都符合的有 {found} 道。"
    ),
    "section_lacks_difficulty_apply": _l(
        "第 {section} 大题“{title}”难度 {quota}、应用层次的题还缺 {missing} 道，两项都符合的有 {found} 道。"
    ),
    "section_lacks_difficulty_case": _l(
        "第 {section} 大题“{title}”难度 {quota}、案例分析层次的题还缺 {missing} 道，两项都符合的有 {found} 道。"
    ),
    "section_lacks_at_most": _l(
        "第 {section} 大题“{title}”最多缺 {missing} 道：题目互有牵连，只试了一部分搭配，实际可能不缺这么多。"
    ),
    "section_items_exposed": _l(
        "第 {section} 大题另有 {count} 道符合条件的试题，最近 {days} 天内已在 {most} 场考试中用过，按曝光上限不再抽。"
    ),
    "section_items_met": _l("第 {section} 大题另有 {count} 道符合条件的试题，考生在最近 {days} 天内见过，不再抽。"),
    "people_lack_items": _l(
        "有 {people} 份个人试卷抽不满：这些考生在最近 {days} 天内见过的题太多。可以缩短天数，或减少题数。"
    ),
    "mix_exceeds_count": _l("分配的题数合计 {total}，超过了大题的题数 {count}。"),
    "too_many_sections": _l("最多 {most} 个大题。"),
    "too_many_items": _l("全卷共 {count} 道题，最多 {most} 道。"),
    "too_many_named_items": _l("指定的试题比题数 {count} 还多。"),
    "two_decimals": _l("最多保留两位小数。"),
    "unknown_enemy": _l("“{enemy}”不在题库里，无法记为不能同卷的试题。"),
    "unknown_topic": _l("没有“{value}”这个专题。"),
    "closes_before_opens": _l("截止时间应晚于开考时间。"),
    "closes_in_past": _l("截止时间已过。"),
    "closes_too_far": _l("一次最多推后 {days} 天，推后以后不能再提前。请核对年份和月份。"),
    "excused_has_begun": _l("{names}已经开考，不能再登记免考、缓考。"),
    "closes_earlier": _l("截止时间只能推后，不能早于 {least}。"),
    "unknown_persons": _l("有 {count} 个用户名没有对应的人员，或不在您的管理范围内：{names}。"),
    "persons_inactive": _l("有 {count} 人的账号已锁定或已调离：{names}。"),
    "not_officers": _l("有 {count} 人不是执法人员，不能列为考生：{names}。"),
    "not_on_list": _l("“{value}”不在考生名单中。"),
    "several_not_on_list": _l("有 {count} 个用户名不在考生名单中：{names}。"),
    "no_shift_to_end": _l("请填写个人开考时间。这些考生现在没有错时，不需要恢复。"),
    "no_minutes_to_take_back": _l("请填写要延长的分钟数。这些考生现在没有延长的时间，不需要收回。"),
    "person_inactive": _l("“{value}”的账号已锁定或已调离。"),
    "not_an_officer": _l("“{value}”不是执法人员，不能列为考生。"),
    "exam_not_draft": _l("这场考试已经发布或取消，不能再修改。"),
    "exam_has_opened": _l("考试已经开始，试卷不能再换。"),
    "exam_not_published": _l("这场考试没有发布。"),
    "exam_is_cancelled": _l("这场考试已取消。"),
    "exam_is_over": _l("这场考试已经结束，不能再增加考生、场次或时间。"),
    "exam_still_open": _l("考试还没有结束，此时公布成绩会泄露答案。"),
    "results_are_out": _l("成绩已经公布。"),
    "candidate_has_attempt": _l("该考生已经开始作答，不能移出名单。"),
    # --- practice
    "item_in_exam": _l("这道题出现在您参加的考试中，成绩公布以后才能练习。"),
    "exam_in_progress": _l("您有一场考试正在作答，交卷之前不能练习，也不能查看练习记录和法规。"),
    "item_changed": _l("这道题刚刚更新过，请按新的题目重新作答。上一次的选择没有记录。"),
    "answer_missing": _l("请先作答。不会做时，可以直接看答案。"),
    "answer_shape": _l("答案的格式与题型不符。"),
    "places_twice": _l("每个步骤要有自己的位置，两个步骤不能排在同一位。"),
    "key_reused": _l("这个提交编号已经用于另一次作答。"),
    # --- competitions
    "unknown_exam": _l("没有编号为“{value}”的考试，或不在您的管理范围内。"),
    "exam_has_a_round_already": _l("这场考试已经是本竞赛的一个赛程。"),
    "exams_of_separate_units": _l("各赛程的考试分属不同单位，您没有同时管理它们的权限。"),
    "tie_break_starts_with_score": _l("同分规则的第一项应为总分。"),
    "tie_break_names_a_link_twice": _l("同分规则中有一项出现了两次。"),
    "tie_break_lots_come_last": _l("抽签只能是同分规则的最后一项。"),
    "teams_are_fixed": _l("已有成绩产生，代表队名单不能再改。"),
    "person_in_another_team": _l("“{value}”已在代表队“{team}”中，一人只能参加一支代表队。"),
    "person_of_another_unit": _l("“{value}”不属于该代表队所在单位或其下级单位。"),
    "must_be_later": _l("请填写一个尚未到来的时间。"),
    "prize_by_number_or_share": _l("请写明名额或比例，二者写其一。"),
    "prize_number_out_of_range": _l("“{name}”的名额应为 1 到 {most}。"),
    "prize_share_out_of_range": _l("“{name}”的比例应为 1% 到 100%。"),
    "prize_shares_beyond_all": _l("到“{name}”为止，各奖项的比例合计超过 100%。"),
    "prize_unreadable": _l("看不懂“{value}”，请写成“一等奖 2”或“优胜奖 10%”。"),
    "prize_named_twice": _l("“{value}”写了两次。"),
    "competition_not_published": _l("竞赛尚未发布、已经取消，或结果已经签发。"),
    "competition_not_draft": _l("竞赛已经发布，不能删除；需要时请取消竞赛。"),
    "competition_has_scores": _l("已有成绩产生，只能改竞赛名称。"),
    "competition_is_cancelled": _l("竞赛已经取消。"),
    "competition_closed": _l("竞赛结果已经签发。"),
    "competition_frozen": _l("排行榜仍处于封榜状态，请先解除封榜。"),
    "competition_results_posted": _l("结果已经公示，不能再增加赛程。"),
    "competition_results_not_posted": _l("结果尚未公示，不能签发。"),
    "competition_objections_open": _l("公示期到 {until} 结束，此前不能签发。"),
    "round_not_final": _l("赛程“{round}”的名次还未确定：考试未结束、有答卷未评完，或成绩未公布。"),
    # how places are decided, in the order of the chain
    "tie_score": _l("总分高的在前"),
    "tie_objective_score": _l("总分相同的，客观题得分高的在前"),
    "tie_seconds_used": _l("再相同的，用时少的在前"),
    "tie_submitted_at": _l("再相同的，先交卷的在前"),
    "tie_draw_lots": _l("仍相同的，按抽签号从小到大排列"),
    "tie_shared": _l("仍相同的名次并列，按 1、2、2、4 排列"),
    # --- exam hall
    "has_started": _l("{names}已经开始作答，不能再改开考时间；需要补时请在监考页面操作。"),
    "shift_out_of_range": _l("个人开考时间要在本场开考之后、72 小时以内（{least} 至 {most}）。"),
    "attempt_is_left": _l("该考生正在作答或还有作答次数，不需要再允许一次。"),
    "not_under_way": _l("该考生没有进行中的答卷。"),
    "already_handed_in": _l("该考生已经交卷，不能再延长时间。"),
    "have_no_time": _l("{names}已经交卷，或已登记免考、缓考，不能延长时间。"),
    "minutes_in_use": _l("{names}已经开始作答，给过的时间不能收回。"),
    "not_started": _l("该考生还没有开始作答，没有可以收回的答卷。"),
    # --- hours and training
    "hours_beyond_days": _l("{days} 天的培训应在 {least} 到 {most} 学时之间（脱产培训每天最多 8 学时）。"),
    "hours_not_in_halves": _l("学时应为 0.5 的倍数。"),
    "class_not_held_yet": _l("{held_on}还没有到，培训结束后才能提交确认。"),
    "evidence_needed": _l("请写明依据，例如通知文号、签到册编号或照片存放处。"),
    "nobody_present": _l("名册上还没有到课人员。"),
    "nobody_chosen": _l("请勾选要撤回学时的人员。"),
    "reason_needed": _l("请写明理由。"),
    "roll_too_long": _l("一个培训班最多 {most} 人，请分班登记。"),
    "unknown_people": _l("有 {count} 个用户名不是您管理范围内的执法人员：{names}。"),
    "class_not_editable": _l("这个培训班已提交或已有结论，不能再修改。"),
    "own_class": _l("自己登记的培训班要由另一位负责人确认。"),
    "class_of_another": _l("只有登记人本人能撤回这个培训班。"),
    "class_days_crowded": _l("有 {count} 人同一天的学时会超过 8 学时，请核对后勾选“我已核对”。"),
    "class_decided_already": _l("这个培训班的状态已经改变，请刷新后查看。"),
    "correction_is_final": _l("更正记录不能再冲正，请重新登记。"),
    "chain_broken": _l("记录链“{chain}”在第 {number} 条处不连续，已停止封存，请运行核验命令查明原因。"),
    # --- law texts: what is not clear in a file
    "file_too_large": _l("文件太大，最大 {most} MB。"),
    "not_utf8": _l("文件不是 UTF-8 编码，请另存为 UTF-8 后重试。"),
    "law_format_unknown": _l("不认识这种文件，请使用以 {suffixes} 结尾的文件。"),
    "law_empty": _l("文件里没有内容。"),
    "law_json_shape": _l("JSON 里缺少这些内容，或类型不对：{names}。"),
    "law_json_article": _l("第 {place} 个条目的条号或正文不正确。"),
    "law_has_no_title": _l("没有找到法规名称。"),
    "law_title_too_long": _l("法规名称太长，简称最多 {most} 个字符。"),
    "law_has_no_articles": _l("没有找到以“第一条”这样开头的条文。"),
    "law_has_too_many_articles": _l("条文太多，最多 {most} 条。"),
    "law_has_no_version": _l("没有找到通过或修订的日期。请把日期写在文件名里，例如“名称(2024-03-05).md”。"),
    "version_disagrees": _l("文件名里的日期是 {named}，沿革里最新的日期是 {told}，请核对后改正其中一个。"),
    "version_is_publication": _l("以文件名里的日期 {named} 为准，视为公布日期；沿革里最新的日期是 {told}。"),
    "article_out_of_order": _l("条号不连续：这里是{found}，应为{expected}。"),
    "article_twice": _l("{found}出现了两次。"),
    "article_empty": _l("{found}没有正文。"),
    "article_too_long": _l("{found}太长，最多 {most} 个字符。"),
    "article_runs_on": _l("“{found}”后面没有空格，无法确定是新的一条还是引用其他条。"),
    "law_preamble_left_out": _l("第一条之前有 {lines} 行没有收入。"),
    "law_annex_left_out": _l("“{title}”及其后的内容没有收入。"),
    "law_has_markup": _l("这一行有表格或标记，按普通文字收入。"),
    "law_start_unknown": _l("文本没有写明这一版本的施行日期。"),
    "law_differs_from_register": _l("与登记册同一版本的指纹有 {count} 条不同：{articles}。请核对文本。"),
    "word_is_old": _l("这是旧式 Word 文件（.doc），请另存为 .docx 后重试。"),
    "word_unreadable": _l("无法读取这个 Word 文件，请用 Word 或 WPS 打开后另存为 .docx。"),
    "word_unpacks_too_large": _l("这个 Word 文件解开后太大，没有读取。"),
    "word_declares_types": _l("这个 Word 文件含有不应出现的类型声明，没有读取。"),
    "law_reads_too_slowly": _l("读取这个文件用时太长，已停止。"),
    "law_unreadable": _l("无法读取这个文件。"),
    # --- laws and the items that cite them
    "law_start_needed": _l("有试题引用《{law}》的旧文本，而 {version} 文本没有写明施行日期，请指定施行日期。"),
    "law_check_decided": _l("这道题已由别人处理，或法规文本又有变化，请刷新后查看。"),
    "law_check_needs_editing": _l("这道题需要修改：所引的条文已删去或款项不再对应，或题目文字中写着旧的条号。"),
    "second_person_needed": _l("提出的人不能自己复核，请由另一位人员复核。"),
    # --- work on items
    "item_in_review": _l("这道题正在审题，请先撤回再修改。"),
    "item_changed_meanwhile": _l("您打开之后，别人又保存了一版。您填写的内容还在页面上，请对照新版本后再保存。"),
    "review_decided": _l("这一版已有结论，或已被撤回、改动，请刷新后查看。"),
    "own_text": _l("自己写过的题目要由另一位人员审定。"),
    "proposal_outdated": _l("这一稿写成之后，题目已换了新文本，请对照新文本重新保存后再提交。"),
    "publication_needs_review": _l("首次发布和改动答案要由另一位人员审定后发布。"),
    "report_open": _l("您对这道题的上一次报错还没有答复，请等答复后再报。"),
    "too_many_reports": _l("您有多条报错还没有答复，请稍后再报。"),
    "report_decided": _l("这条报错已由别人答复，请刷新后查看。"),
    "operation_undone": _l("这次操作已由别人撤销。"),
    "bulk_too_many": _l("一次最多修改 {most} 道试题。"),
    "alike_search_failed": _l("查重没有完成，请稍后再试；上一次的结果仍然有效。"),
    "two_items_needed": _l("请至少勾选两道题。"),
    "unknown_item": _l("题库里没有编号为“{value}”的试题。"),
    # --- repairs and appeals
    "repair_too_early": _l("还可能有人在作答，考试 {ended_at} 结束后才能更正试题。"),
    "repair_is_open": _l("这道题已有一项更正等待签发，请先签发或撤回。"),
    "repair_closed": _l("这项更正已经签发或撤回，请刷新后查看。"),
    "remedy_needed": _l("请选择更正方式。"),
    "remedy_needs_key": _l("这道题由人评阅，没有可改的答案；可以作废，或给全体满分。"),
    "repair_changes_nothing": _l("这样更正不会带来任何变化，本题现在就是这样评的。"),
    "remark_changes_nothing": _l("这样给分和原来的得分一样；维持原判时请驳回申诉，并写明理由。"),
    "answer_not_marked": _l("这份答题没有经人评阅，或者所在答卷还没有评完，不能改判。"),
    "answer_decided_for_all": _l("这道题已经作废或全体满分，改判一份答题不会带来任何变化。"),
    "appeal_decided": _l("这件申诉已经处理，请刷新后查看。"),
    "answer_of_wrong_shape": _l("请按题型把答案填写完整。"),
    "nothing_left_on_paper": _l("作废以后，有的试卷就没有计分的题了；可以改为给全体满分。"),
    "signer_is_proposer": _l("更正要由提出人以外的另一位人员签发。"),
    "signer_is_author": _l("您编写过这道题，请由其他人员签发。"),
    "decider_is_author": _l("您编写过这道题，对它的申诉请由其他人员处理。"),
    "decider_is_marker": _l("您评阅过申诉所涉的答题，请由其他人员处理。"),
    "decider_is_candidate": _l("您是这场考试的考生，不能参与更正试题和处理申诉。"),
    "appeals_closed": _l("申诉期限已过，或这场考试不受理申诉。"),
    "appeal_lodged": _l("您已经对这道题提出过申诉，请等待处理结果。"),
    "appeals_decided": _l("其中有申诉已经处理，或不是针对这道题的，请刷新后重选。"),
    "appeals_of_one_item": _l("一次只能处理针对同一道题的申诉。"),
    # --- demo
    "demo_needs_empty_database": _l("数据库里已经有单位或人员；演示城市只能载入空数据库。"),
    "demo_mode_only": _l("只有演示模式才能使用演示城市：请在空数据库上以 DEMO=1 启动。"),
    "demo_not_loaded": _l("还没有载入演示城市：请先运行 flask demo load。"),
}


def _readable(value: Any) -> Any:
    if isinstance(value, datetime):
        return local_time(value)
    if isinstance(value, date):
        return local_date(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    return value


def sentence(code: str, params: dict[str, Any] | None = None) -> str:
    """Return the sentence of ``code`` with its parameters filled in; a code without one gives the general refusal."""
    text = str(SENTENCES.get(code, SENTENCES["refused"]))
    if "{" not in text:
        return text
    try:
        return text.format_map({name: _readable(value) for name, value in (params or {}).items()})
    except KeyError:
        return str(SENTENCES["refused"])


def refusal_told(refusal: Refused, most: int | None = None) -> list[str]:
    """Return a refusal as sentences for the page that the caller comes back to: its problems, at most so many of them.

    Raises the refusal itself where there is no such page: it forbids, or tells of nothing there (403, 404).
    """
    if refusal.status in (403, 404):
        raise refusal
    problems = refusal.problems[:most] if isinstance(refusal, Invalid) else []
    return [sentence(one.code, one.params) for one in problems] or [sentence(refusal.code, refusal.params)]
