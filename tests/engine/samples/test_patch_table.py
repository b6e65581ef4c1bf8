"""Tables of patches as people save them, and messages that name the line."""

import importlib.util

import numpy as np
import pytest
from patch_files import opened, picture, write_image

from lulc_engine.errors import DataError, EnvironmentFailure, LabelError
from lulc_engine.samples.split import TEST, TRAINING, VALIDATION


@pytest.fixture
def pictures(tmp_path):
    """Write images/0.png to images/11.png; returns the folder."""
    for seed in range(12):
        write_image(tmp_path / "images" / f"{seed}.png", picture(seed))
    return tmp_path


def table(folder, text, name="patches.csv", encoding="utf-8"):
    path = folder / name
    path.write_text(text, encoding=encoding)
    return path


def labelled(labels, separator=",", header="path,label"):
    rows = [f"images/{n}.png,{label}" for n, label in enumerate(labels)]
    return "\n".join([header, *rows]).replace(",", separator) + "\n"


def test_words_are_classes_from_1_in_code_point_order(pictures):
    patches = opened(patches=table(pictures, labelled(["wald", "See", "acker"] * 4)))
    assert patches.legend.names == ("See", "acker", "wald")
    assert patches.legend.ids == (1, 2, 3)
    assert patches.targets.tolist() == [2, 0, 1] * 4
    assert patches.names[:2] == ["images/0.png", "images/1.png"]
    assert (patches.images[7] == picture(7)).all()
    assert patches.source == "table"
    assert [item["name"] for item in patches.files] == ["patches.csv", "patches of patches.csv"]


def test_whole_numbers_are_class_ids_as_given(pictures):
    patches = opened(patches=table(pictures, labelled(["40", "7.0", "-3"] * 4)))
    assert patches.legend.ids == (-3, 7, 40)
    assert patches.targets.tolist() == [2, 1, 0] * 4
    named = opened(patches=table(pictures, labelled([2, 0] * 6)), classes=["a", "b", "c"])
    assert named.legend.names == ("a", "c")
    assert named.legend.ids == (0, 2)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_separators_and_byte_order_marks(pictures, separator, encoding):
    text = labelled(["Öd", "b"] * 6, separator, "Path,LABEL").replace("\n", "\r\n")
    patches = opened(patches=table(pictures, text, encoding=encoding))
    assert patches.legend.names == ("b", "Öd")
    assert len(patches) == 12


def test_quotes_blank_lines_and_other_columns(pictures):
    rows = [f'{n},"images/{n}.png","a, {n % 2}"' for n in range(12)]
    text = "id,path,label\n" + "\n\n".join(rows) + "\n\n"
    assert opened(patches=table(pictures, text)).legend.names == ("a, 0", "a, 1")


def test_absolute_and_windows_paths(pictures):
    rows = [f"{pictures}/images/{n}.png,{n % 2}" for n in range(6)]
    rows += [f"images\\{n}.png,{n % 2}" for n in range(6, 12)]
    assert len(opened(patches=table(pictures, "path,label\n" + "\n".join(rows)))) == 12


def test_a_column_of_the_split(pictures):
    words = ["train", "Training", "TEST", "val", "validation", "test"] * 2
    rows = [f"images/{n}.png,{n % 2},{word}" for n, word in enumerate(words)]
    patches = opened(patches=table(pictures, "path,label,Split\n" + "\n".join(rows)))
    wanted = [TRAINING, TRAINING, TEST, VALIDATION, VALIDATION, TEST] * 2
    assert patches.roles.tolist() == wanted
    assert patches.split == "data"


@pytest.mark.parametrize("word", ["", "holdout", "1"])
def test_an_unknown_part_of_the_split_names_its_line(pictures, word):
    rows = [f"images/{n}.png,{n % 2},{'train' if n != 3 else word}" for n in range(12)]
    with pytest.raises(LabelError, match=r"line 5 of patches\.csv"):
        opened(patches=table(pictures, "path,label,split\n" + "\n".join(rows)))


def test_a_column_per_class_is_several_labels(pictures):
    rows = [f"images/{n}.png,{n % 2},{int(n < 9)},0" for n in range(12)]
    patches = opened(patches=table(pictures, "path,wasser,Wald,nie\n" + "\n".join(rows)))
    assert patches.multilabel
    assert patches.legend.names == ("wasser", "Wald", "nie")
    assert patches.legend.ids == (0, 1, 2)
    assert patches.targets.sum(axis=0).tolist() == [6, 9, 0]
    assert any("nie" in note for note in patches.notes)
    assert any("1 patches have none" in note for note in patches.notes)


@pytest.mark.parametrize("bit", ["2", "", "x", "0.5", "nan"])
def test_a_cell_that_is_no_bit_names_its_line_and_column(pictures, bit):
    rows = [f"images/{n}.png,{n % 2},{bit if n == 2 else 1}" for n in range(12)]
    with pytest.raises(LabelError, match=r"'Wald', line 4 of patches\.csv"):
        opened(patches=table(pictures, "path,See,Wald\n" + "\n".join(rows)))


def test_labels_joined_in_one_cell(pictures):
    text = labelled(["See|Wald", "Wald", "Acker | See", "Wald"] * 3, header="path,labels")
    patches = opened(patches=table(pictures, text))
    assert patches.legend.names == ("Acker", "See", "Wald")
    assert patches.targets.tolist() == [[0, 1, 1], [0, 0, 1], [1, 1, 0], [0, 0, 1]] * 3
    same = opened(patches=table(pictures, text.replace("labels", "label")), multilabel=True)
    assert (same.targets == patches.targets).all()


@pytest.mark.parametrize("gap", ["", "NaN", "None"])
def test_patches_without_a_label_are_listed(pictures, gap):
    patches = opened(patches=table(pictures, labelled([gap, *["a", "b"] * 5, "a"])))
    assert [item.name for item in patches.rejected] == ["images/0.png"]
    assert "line 2" in patches.rejected[0].reason
    assert len(patches) == 11


def test_numbers_stay_numbers_beside_gaps(pictures):
    patches = opened(patches=table(pictures, labelled(["", *["1.0", "5.0"] * 5, "1.0"])))
    assert patches.legend.ids == (1, 5)


def test_files_that_do_not_exist_are_listed(pictures):
    text = labelled(["a", "b"] * 6) + "images/gone.png,a\n" + "x" * 3000 + ".png,b\n"
    patches = opened(patches=table(pictures, text))
    assert [item.reason for item in patches.rejected] == [
        f"the file does not exist (line {n} of patches.csv)" for n in (14, 15)
    ]
    with pytest.raises(DataError, match=r"None of the 12 files .* exists; the first is"):
        opened(patches=table(pictures, labelled(["a", "b"] * 6).replace("images", "imgs")))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("path,label\n", "no rows"),
        ("label\na\n", "no column 'path'; it has label"),
        ("path\nimages/0.png\n", "no labels"),
        ("path,label\nimages/0.png\n", "Line 2 .* has 1 cells, the header has 2"),
        ("path,label,label\nimages/0.png,a,b\n", "'label' twice"),
        ("path,label\nimages/0.png,1.5\nimages/1.png,2\n", r"1\.5 in line 2 .* not a whole"),
        ("path,label\nimages/0.png,1\nimages/1.png,1\n", "at least two classes"),
        ("path,label\nimages/0.png,\nimages/1.png,\n", "can be used: it has no label"),
        ("path,label\n" + "a" * 200_000 + ",a\n", "not CSV.*line 2"),
    ],
)
def test_tables_that_cannot_be_used(pictures, text, message):
    with pytest.raises(LabelError, match=message):
        opened(patches=table(pictures, text))


def test_too_many_classes_are_a_mistake(pictures):
    rows = "\n".join(f"images/{n % 12}.png,{n}" for n in range(1001))
    with pytest.raises(LabelError, match="1001 different values"):
        opened(patches=table(pictures, "path,label\n" + rows))


def test_other_encodings_are_named(pictures):
    path = table(pictures, labelled(["Öd", "b"] * 6), encoding="latin-1")
    with pytest.raises(LabelError, match="UTF-8"):
        opened(patches=path)


def test_a_row_twice_is_a_copy(pictures):
    text = labelled(["a", "b"] * 6) + "images/0.png,b\n"
    patches = opened(patches=table(pictures, text))
    assert any("exact copies with other labels" in note for note in patches.notes)
    assert patches.roles[0] == patches.roles[12]


def test_parquet_needs_its_extra(pictures):
    if importlib.util.find_spec("pyarrow"):
        pytest.skip("pyarrow is there")
    (pictures / "t.parquet").write_bytes(b"PAR1")
    with pytest.raises(EnvironmentFailure, match="Parquet") as caught:
        opened(patches=pictures / "t.parquet")
    assert "pyarrow" in caught.value.hint


def test_parquet_tables(pictures):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    paths = [f"images/{n}.png" for n in range(12)]
    single = pyarrow.table({"path": paths, "label": [3, None] + [n % 2 for n in range(10)]})
    parquet.write_table(single, pictures / "t.parquet")
    patches = opened(patches=pictures / "t.parquet", validation_share=0.3, test_share=0)
    assert patches.legend.ids == (0, 1, 3)
    assert [item.name for item in patches.rejected] == ["images/1.png"]
    several = pyarrow.table({"path": paths, "labels": [["a", "b"], ["b"]] * 6})
    parquet.write_table(several, pictures / "t.parquet")
    assert opened(patches=pictures / "t.parquet").targets.sum(axis=0).tolist() == [6, 12]
    bits = pyarrow.table({"path": paths, "a": [True, False] * 6, "b": [1, 1] * 6})
    parquet.write_table(bits, pictures / "t.parquet")
    assert opened(patches=pictures / "t.parquet").targets.sum(axis=0).tolist() == [6, 12]
    (pictures / "t.parquet").write_bytes(b"no parquet")
    with pytest.raises(LabelError, match="as Parquet"):
        opened(patches=pictures / "t.parquet")


def test_contiguous_parts_follow_the_order_of_the_table(pictures):
    text = labelled(["a"] * 5 + ["b"] * 7)
    patches = opened(patches=table(pictures, text), split="contiguous")
    assert patches.roles.tolist() == [0, 0, 0, 1, 2, 0, 0, 0, 0, 1, 1, 2]
    assert patches.split == "contiguous"
    assert np.isin(patches.roles, (0, 1, 2)).all()
