"""QTI as other systems write it: scoring in all spellings, interactions, version 1.2, what has no counterpart."""

import io
import zipfile

import pytest

from question_bank import formats
from question_bank.formats.report import complete
from tests.question_bank.inventing import PICTURE

ASKED = {"wing": "procedures", "topic": "hearing", "fields": ["general"], "difficulty": 3, "level": "recall"}
TEMPLATE = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/"
SPACE = 'xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1"'


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def read(content, name="x.xml"):
    return formats.read(content if isinstance(content, bytes) else content.encode(), name)


def read_one(content):
    (done,) = complete(read(content).found, ASKED)
    return done


def codes(done):
    return [(one.code, one.confidence) for one in done.found.repairs]


def item(body, declarations="", processing="", more=""):
    return (
        f'<assessmentItem {SPACE} identifier="i" title="题目" adaptive="false" timeDependent="false">{declarations}'
        f'<outcomeDeclaration identifier="SCORE" cardinality="single" baseType="float"/>'
        f"<itemBody>{body}</itemBody>{processing}{more}</assessmentItem>"
    )


def declared(*values, cardinality="single", type="identifier", mapping="", name="RESPONSE"):
    correct = "".join(f"<value>{value}</value>" for value in values)
    correct = f"<correctResponse>{correct}</correctResponse>" if values else ""
    return (
        f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{type}">'
        f"{correct}{mapping}</responseDeclaration>"
    )


CHOICES = "".join(
    f'<simpleChoice identifier="{name}">{text}</simpleChoice>'
    for name, text in (("H", "氢"), ("He", "氦"), ("Cl", "氯"), ("O", "氧"))
)
CHOICE = (
    '<p>水由什么组成？</p><choiceInteraction responseIdentifier="RESPONSE" maxChoices="0">'
    f"{CHOICES}</choiceInteraction>"
)
WATER = (
    '<mapping lowerBound="0" upperBound="2" defaultValue="-2"><mapEntry mapKey="H" mappedValue="1"/>'
    '<mapEntry mapKey="O" mappedValue="1"/><mapEntry mapKey="Cl" mappedValue="-1"/></mapping>'
)
MATCH = f'<responseProcessing template="{TEMPLATE}match_correct"/>'
MAP = f'<responseProcessing template="{TEMPLATE}map_response"/>'
SPELLED = (
    "<responseProcessing><responseCondition><responseIf><match><variable identifier='RESPONSE'/>"
    "<correct identifier='RESPONSE'/></match><setOutcomeValue identifier='SCORE'><baseValue baseType='float'>1"
    "</baseValue></setOutcomeValue></responseIf><responseElse><setOutcomeValue identifier='SCORE'>"
    "<baseValue baseType='float'>0</baseValue></setOutcomeValue></responseElse></responseCondition>"
    "</responseProcessing>"
)
SPELLED_MAP = (
    "<responseProcessing><responseCondition><responseIf><isNull><variable identifier='RESPONSE'/></isNull>"
    "<setOutcomeValue identifier='SCORE'><baseValue baseType='float'>0</baseValue></setOutcomeValue></responseIf>"
    "<responseElse><setOutcomeValue identifier='SCORE'><mapResponse identifier='RESPONSE'/></setOutcomeValue>"
    "</responseElse></responseCondition></responseProcessing>"
)
OWN = (
    "<responseProcessing><responseCondition><responseIf><gt><variable identifier='duration'/>"
    "<baseValue baseType='float'>5</baseValue></gt><setOutcomeValue identifier='SCORE'>"
    "<baseValue baseType='float'>1</baseValue></setOutcomeValue></responseIf></responseCondition></responseProcessing>"
)


@pytest.mark.parametrize(
    ("processing", "mapping", "told"),
    [
        (MATCH, "", []),
        (SPELLED, "", []),
        (MAP, WATER, [("weights_not_kept", "doubtful")]),
        (SPELLED_MAP, WATER, [("weights_not_kept", "doubtful")]),
        ("", "", [("key_without_processing", "likely")]),
        (OWN, "", [("processing_not_read", "doubtful")]),
    ],
)
def test_the_key_follows_from_scoring_in_every_spelling(processing, mapping, told):
    done = read_one(item(CHOICE, declared("H", "O", cardinality="multiple", mapping=mapping), processing))
    assert (done.item.kind, done.item.key) == ("multiple_choice", ("A", "D"))
    assert codes(done) == told


@pytest.mark.parametrize("processing", [MATCH, OWN, ""])
def test_without_any_declared_answer_a_person_has_to_tell_the_key(processing):
    done = read_one(item(CHOICE, declared(cardinality="multiple"), processing))
    assert [one.code for one in done.problems] == ["manual_key_needed"]
    assert len(done.found.data["options"]) == 4


def test_a_condition_for_each_value_gives_its_weight():
    rules = "".join(
        f"<{branch}><match><variable identifier='RESPONSE'/><baseValue baseType='identifier'>{name}</baseValue></match>"
        f"<setOutcomeValue identifier='SCORE'><baseValue baseType='float'>{points}</baseValue></setOutcomeValue>"
        f"</{branch}>"
        for branch, name, points in (("responseIf", "H", "1"), ("responseElseIf", "O", "0.5"))
    )
    processing = f"<responseProcessing><responseCondition>{rules}</responseCondition></responseProcessing>"
    done = read_one(item(CHOICE, declared(), processing))
    assert (done.item.kind, done.item.key) == ("single_choice", "A")
    assert codes(done) == [("weights_not_kept", "doubtful")]


def test_version_3_says_the_same_in_other_names():
    done = read_one(
        '<qti-assessment-item xmlns="http://www.imsglobal.org/xsd/imsqtiasi_v3p0" identifier="i" title="t" '
        'adaptive="false" time-dependent="false"><qti-response-declaration identifier="RESPONSE" cardinality="single" '
        'base-type="identifier"><qti-correct-response><qti-value>B</qti-value></qti-correct-response>'
        "</qti-response-declaration><qti-item-body>"
        '<qti-choice-interaction response-identifier="RESPONSE" max-choices="1">'
        "<qti-prompt>期限是？</qti-prompt><qti-simple-choice identifier='A'>三日</qti-simple-choice>"
        "<qti-simple-choice identifier='B'>五日<qti-feedback-inline identifier='B' outcome-identifier='F'>对"
        "</qti-feedback-inline>"
        "</qti-simple-choice></qti-choice-interaction></qti-item-body><qti-response-processing "
        'template="https://purl.imsglobal.org/spec/qti/v3p0/rptemplates/match_correct.xml"/></qti-assessment-item>'
    )
    assert (done.found.place.file, done.item.kind, done.item.key) == ("x.xml", "single_choice", "B")
    assert done.item.stem == "期限是？"
    assert (done.item.options[1].text, done.item.options[1].note) == ("五日", "对")


ENTRY = '<p>应当在<textEntryInteraction responseIdentifier="RESPONSE"/>内作出。</p>'


def test_typed_answers_take_the_best_of_a_mapping():
    entries = '<mapEntry mapKey="七日" mappedValue="1"/><mapEntry mapKey="七" mappedValue="0.5"/>'
    mapping = f'<mapping defaultValue="0">{entries}</mapping>'
    done = read_one(item(ENTRY, declared("七日", type="string", mapping=mapping), MAP))
    assert (done.item.stem, done.item.key) == ("应当在____内作出。", (("七日",),))
    assert codes(done) == [("partial_answer_left_out", "doubtful")]


def test_several_fields_are_blanks_and_a_mixture_is_a_case():
    two = ENTRY + ENTRY.replace('"RESPONSE"', '"R2"')
    done = read_one(item(two, declared("七日", type="string") + declared("十日", type="string", name="R2"), SPELLED))
    assert done.item.key == (("七日",), ("十日",))
    inline = (
        '<p>先<inlineChoiceInteraction responseIdentifier="R2"><inlineChoice identifier="a">立案</inlineChoice>'
        '<inlineChoice identifier="b">决定</inlineChoice></inlineChoiceInteraction>。</p>'
    )
    done = read_one(item(ENTRY + inline, declared("七日", type="string") + declared("a", name="R2"), SPELLED))
    assert done.item.kind == "case_study"
    assert done.item.stem == "应当在（1）____内作出。\n先（2）____。"
    assert [part["kind"] for part in done.item.settings["parts"]] == ["fill_blank", "single_choice"]


def test_an_order_a_matching_and_marks():
    order = f'<orderInteraction responseIdentifier="RESPONSE"><prompt>排序</prompt>{CHOICES}</orderInteraction>'
    done = read_one(item(order, declared("O", "H", "He", "Cl", cardinality="ordered"), MATCH))
    assert (done.item.kind, done.item.key) == ("ordering", ("D", "A", "B", "C"))
    sets = "".join(
        "<simpleMatchSet>"
        + "".join(
            f'<simpleAssociableChoice identifier="{one}" matchMax="1">{one}</simpleAssociableChoice>' for one in row
        )
        + "</simpleMatchSet>"
        for row in (("L1", "L2"), ("R1", "R2", "R3"))
    )
    match = f'<matchInteraction responseIdentifier="RESPONSE"><prompt>配对</prompt>{sets}</matchInteraction>'
    done = read_one(item(match, declared("L1 R3", "L2 R1", cardinality="multiple", type="directedPair"), MATCH))
    assert dict(done.item.key) == {"1": "C", "2": "A"}
    marks = (
        '<hottextInteraction responseIdentifier="RESPONSE" maxChoices="1"><prompt>找错</prompt><p>应当'
        '<hottext identifier="a">三人</hottext>，并<hottext identifier="b">出示证件</hottext>。</p>'
        "</hottextInteraction>"
    )
    done = read_one(item(marks, declared("a"), MATCH))
    assert (done.item.kind, done.item.key) == ("single_choice", "A")
    assert codes(done) == [("marks_as_choice", "likely")]


@pytest.mark.parametrize("name", ["hotspotInteraction", "uploadInteraction", "sliderInteraction", "customInteraction"])
def test_other_interactions_are_told_and_never_dropped(name):
    done = read_one(item(f'<p>题</p><{name} responseIdentifier="RESPONSE"/>', declared("a"), MATCH))
    assert [one.code for one in done.problems] == ["kind_not_supported"]
    assert done.found.data["stem"] == "题"


def test_templates_and_adaptive_items_are_told():
    content = item(CHOICE, declared("H", cardinality="multiple"), MATCH, "<templateDeclaration/>").replace(
        'adaptive="false"', 'adaptive="true"'
    )
    done = read_one(content)
    assert "values_made_by_template" in [one.code for one in done.problems]
    assert "adaptive" in done.found.unsupported


MANIFEST = """<manifest xmlns="http://www.imsglobal.org/xsd/imscp_v1p1"><resources>
<resource identifier="t" type="imsqti_test_xmlv2p1" href="test.xml"><file href="test.xml"/></resource>
<resource identifier="b" type="imsqti_item_xmlv2p1" href="items/b.xml"><file href="items/b.xml"/></resource>
<resource identifier="a" type="imsqti_item_xmlv2p1" href="items/a%20one.xml"><file href="items/a%20one.xml"/></resource>
<resource identifier="gone" type="imsqti_item_xmlv2p1" href="items/gone.xml"/>
</resources></manifest>"""
TEST = (
    f'<assessmentTest {SPACE} identifier="t" title="t"><testPart identifier="p"><assessmentSection identifier="s" '
    'title="送达" visible="true"><assessmentItemRef identifier="a" href="items/a%20one.xml"/></assessmentSection>'
    '<assessmentSection identifier="r" title="其他" visible="true">'
    '<assessmentItemRef identifier="b" href="items/b.xml"/>'
    "</assessmentSection></testPart></assessmentTest>"
)


def test_a_package_is_read_in_the_order_of_its_test_from_any_folder():
    body = CHOICE.replace("<p>", '<p><img src="../img/s.png" alt="图"/>')
    one = item(body, declared("H", "O", cardinality="multiple"), MATCH)
    files = {
        "pack/imsmanifest.xml": MANIFEST,
        "pack/test.xml": TEST,
        "pack/items/a one.xml": one,
        "pack/items/b.xml": item(ENTRY, declared("七日", type="string"), MATCH),
        "pack/img/s.png": PICTURE,
    }
    report = read(zipped(files), "x.zip")
    assert report.format == "qti_22"
    assert [note.code for note in report.notes] == ["manifest_in_folder", "file_missing"]
    first, second = complete(report.found, ASKED)
    assert (first.item.kind, first.item.topic) == ("multiple_choice", "service_delivery")
    assert first.item.media[0].alt == "图"
    assert second.item.kind == "fill_blank"


CANVAS = (
    '<questestinterop><assessment title="Quiz"><section ident="root_section">{items}</section></assessment>'
    "</questestinterop>"
)


def canvas(kind, presentation, conditions, feedback=""):
    return CANVAS.format(
        items='<item ident="i1" title="Q"><itemmetadata><qtimetadata><qtimetadatafield>'
        "<fieldlabel>question_type</fieldlabel>"
        f"<fieldentry>{kind}</fieldentry></qtimetadatafield></qtimetadata></itemmetadata><presentation>"
        f'<material><mattext texttype="text/html">&lt;p&gt;题干 [a] [b]&lt;/p&gt;</mattext></material>{presentation}'
        '</presentation><resprocessing><outcomes><decvar maxvalue="100" varname="SCORE"/></outcomes>'
        f"{conditions}</resprocessing>{feedback}</item>"
    )


def labels(*texts):
    return "".join(
        f'<response_label ident="{index}"><material><mattext>{text}</mattext></material></response_label>'
        for index, text in enumerate(texts, start=1)
    )


def lid(name, *texts, cardinality="Single", before=""):
    return (
        f'<response_lid ident="{name}" rcardinality="{cardinality}">{before}<render_choice>{labels(*texts)}'
        "</render_choice></response_lid>"
    )


def condition(tests, points="100", more=""):
    return (
        f'<respcondition continue="No"><conditionvar>{tests}</conditionvar>'
        f'<setvar action="Set" varname="SCORE">{points}</setvar>{more}</respcondition>'
    )


def equal(name, value):
    return f'<varequal respident="{name}">{value}</varequal>'


def test_canvas_choices_with_feedback():
    shown = '<displayfeedback feedbacktype="Response" linkrefid="2_fb"/>'
    feedback = "".join(
        f'<itemfeedback ident="{name}"><flow_mat><material><mattext>{text}</mattext></material></flow_mat>'
        "</itemfeedback>"
        for name, text in (("general_fb", "解析"), ("2_fb", "因为"))
    )
    content = canvas(
        "multiple_choice_question",
        lid("response1", "三日", "五日"),
        condition(equal("response1", "2"), more=shown),
        feedback,
    )
    done = read_one(content)
    assert (done.item.kind, done.item.key, done.item.explanation) == ("single_choice", "B", "解析")
    assert done.item.options[1].note == "因为"


def test_canvas_several_answers_are_given_while_others_are_not():
    tests = f"<and>{equal('r', '1')}<not>{equal('r', '2')}</not>{equal('r', '3')}</and>"
    done = read_one(
        canvas("multiple_answers_question", lid("r", "甲", "乙", "丙", cardinality="Multiple"), condition(tests))
    )
    assert (done.item.kind, done.item.key) == ("multiple_choice", ("A", "C"))


def test_canvas_true_false_blanks_dropdowns_matching_numbers_and_essays():
    done = read_one(canvas("true_false_question", lid("r", "True", "False"), condition(equal("r", "2"))))
    assert (done.item.kind, done.item.key) == ("true_false", False)
    blanks = lid("response_a", "七日", "7日") + lid("response_b", "十日")
    rules = condition(equal("response_a", "1"), "50") + condition(equal("response_b", "1"), "50")
    done = read_one(canvas("fill_in_multiple_blanks_question", blanks, rules))
    assert done.item.stem == "题干 ____ ____"
    assert done.item.key == (("七日",), ("十日",))
    done = read_one(canvas("multiple_dropdowns_question", blanks.replace("十日</mattext>", "十日</mattext>", 1), rules))
    assert done.found.data["kind"] == "case_study"
    pairs = "".join(
        lid(f"response_{index}", "十五日", "七日", before=f"<material><mattext>{text}</mattext></material>")
        for index, text in enumerate(("罚款", "保存"), start=1)
    )
    rules = condition(equal("response_1", "1"), "50") + condition(equal("response_2", "2"), "50")
    done = read_one(canvas("matching_question", pairs, rules))
    assert dict(done.item.key) == {"1": "A", "2": "B"}
    number = '<response_str ident="r"><render_fib fibtype="Decimal"/></response_str>'
    tests = (
        f"<or>{equal('r', '42')}<and><vargte respident='r'>41.5</vargte><varlte respident='r'>42.5</varlte></and></or>"
    )
    done = read_one(canvas("numerical_question", number, condition(tests)))
    assert (done.item.key, done.item.settings["tolerance"]) == ((("42",),), ("0.5",))
    done = read_one(canvas("essay_question", '<response_str ident="r"><render_fib/></response_str>', ""))
    assert [one.code for one in done.problems] == ["no_sample"]


@pytest.mark.parametrize("kind", ["calculated_question", "file_upload_question", "hot_spot_question"])
def test_canvas_types_without_counterpart_are_told(kind):
    done = read_one(canvas(kind, lid("r", "甲", "乙"), ""))
    assert [one.code for one in done.problems] == ["kind_not_supported"]


def test_a_canvas_package_finds_its_pictures():
    presentation = lid("r", "甲", "乙")
    content = canvas("multiple_choice_question", presentation, condition(equal("r", "1"))).replace(
        "题干 [a] [b]", '题 &lt;img src="$IMS-CC-FILEBASE$/a%20b.png?x=1" alt="图"/&gt;'
    )
    manifest = (
        '<manifest><resources><resource identifier="q" type="imsqti_xmlv1p2" href="q/q.xml">'
        '<file href="q/q.xml"/></resource></resources></manifest>'
    )
    files = {"imsmanifest.xml": manifest, "q/q.xml": content, "web_resources/a b.png": PICTURE}
    report = read(zipped(files), "x.imscc")
    assert report.format == "qti_12"
    assert complete(report.found, ASKED)[0].item.media[0].alt == "图"


def test_items_that_only_the_test_names_are_read_with_their_stimulus():
    only = '<resource identifier="t" type="imsqti_test_xmlv2p1" href="test.xml"/>'
    manifest = f"<manifest><resources>{only}</resources></manifest>"
    refs = "".join(f'<assessmentItemRef identifier="i{at}" href="items/{at}.xml"/>' for at in (1, 2, 3))
    test = (
        f'<assessmentTest {SPACE} identifier="t" title="卷"><testPart identifier="p"><assessmentSection identifier="s" '
        f'title="第一部分" visible="true">{refs}</assessmentSection></testPart></assessmentTest>'
    )
    key = declared("H")
    one = item(CHOICE, key)
    two = item(CHOICE, key, more='<assessmentStimulusRef identifier="s" href="../shared/s.xml"/>')
    files = {
        "imsmanifest.xml": manifest,
        "test.xml": test,
        "items/1.xml": one,
        "items/2.xml": two,
        "shared/s.xml": f'<assessmentStimulus {SPACE} identifier="s" title="材料"><stimulusBody><p>共用材料。</p>'
        "</stimulusBody></assessmentStimulus>",
    }
    report = read(zipped(files), "x.zip")
    assert len(report.found) == 2
    assert "共用材料。" in str(report.found[1].data["stem"])
    assert [(note.code, note.before) for note in report.notes] == [("file_missing", "items/3.xml")]


def test_an_item_that_nothing_in_its_package_names_is_told_and_not_read():
    manifest = (
        '<manifest><resources><resource identifier="i" type="imsqti_item_xmlv2p1" href="1.xml">'
        '<file href="1.xml"/></resource></resources></manifest>'
    )
    one = item(CHOICE, declared("H"))
    report = read(zipped({"imsmanifest.xml": manifest, "1.xml": one, "old/1.xml": one, "notes.xml": "<a/>"}), "x.zip")
    assert len(report.found) == 1
    assert [(note.code, note.before) for note in report.notes] == [("item_not_named", "old/1.xml")]
