"""Which records become one customer: the cases of the domain model, one by one."""

from tests.pipeline.resolve.world import conflicts, groups, read, run, together, token_of

from zhiyan.core.identity import Quality


def test_a_union_id_joins_records_of_different_sources(engine, world):
    a = world.record(source="wecom", external_userid="wx1", unionid="u1")
    b = world.record(source="mall", openid="o1", unionid="u1", name=("小美", "placeholder"))
    c = world.record(source="mall", openid="o2", unionid="u2")
    report = run(engine, world)
    assert groups(engine) == {frozenset({a, b}), frozenset({c})}
    assert (report.parties, report.customers) == (3, 2)
    assert report.links == {"unionid": 2}
    assert report.conflicts == {}


def test_strong_keys_join_in_a_chain_over_layers(engine, world):
    a = world.record(clinic="c1", his_no="1", id_card="card")
    b = world.record(clinic="c2", his_no="1", id_card="card", unionid="u")
    c = world.record(source="mall", openid="o", unionid="u", email="a@b.cn")
    d = world.record(source="shop", platform_uid="p", email="a@b.cn")
    run(engine, world)
    assert together(engine, a, b, c, d)
    assert {row["id_type"] for row in read(engine, "link")} == {"id_card", "unionid", "email"}


def test_a_file_number_used_again_elsewhere_is_another_person(engine, world):
    """Messy case 14: the key of a file is source, clinic and number."""
    old = world.record(source="his_old", clinic="c1", his_no="00123", name="王小明")
    new = world.record(source="his_new", clinic="c1", his_no="00123", name="李芳芳")
    other = world.record(source="his_new", clinic="c2", his_no="00123", name="赵小燕")
    run(engine, world)
    assert groups(engine) == {frozenset({old}), frozenset({new}), frozenset({other})}


def test_only_good_identifiers_join(engine, world):
    """Messy cases 2 and 3: privacy numbers, land lines, pattern phones."""
    for quality in set(Quality) - {Quality.OK}:
        for id_type in ("phone", "unionid", "email"):
            for number in range(2):
                world.record(his_no=f"{quality}{id_type}{number}", **{id_type: (quality, quality)})
            world.record(his_no=f"{quality}{id_type}", **{id_type: quality})
    report = run(engine, world)
    assert report.customers == report.parties == 45
    assert conflicts(engine) == {}


def test_name_and_birthdate_never_join_by_themselves(engine, world):
    world.record(clinic="c1", his_no="1", name="王芳", birthdate="1990-05-05")
    world.record(clinic="c2", his_no="1", name="王芳", birthdate="1990-05-05")
    run(engine, world)
    assert len(groups(engine)) == 2


def test_one_person_in_two_clinics_by_phone_and_name(engine, world):
    """Messy case 14: duplicates across clinics."""
    a = world.record(clinic="c1", his_no="1", phone="139", name="王小明")
    b = world.record(clinic="c2", his_no="9", phone="139", name="王小明")
    run(engine, world)
    assert together(engine, a, b)
    assert [
        (row["party_id"], row["id_type"], row["shared_with"]) for row in read(engine, "link")
    ] == [
        (a, "name", 2),
        (a, "phone", 2),
        (b, "name", 2),
        (b, "phone", 2),
    ]


def test_mother_and_daughter_on_one_phone_stay_two(engine, world):
    """Messy case 4: each keeps her own records; what has only the phone stays alone."""
    mother = world.record(clinic="c1", his_no="1", phone="139", name="王桂兰")
    daughter = world.record(clinic="c1", his_no="2", phone="139", name="李晓雨")
    mother_again = world.record(clinic="c2", his_no="1", phone="139", name="王桂兰")
    daughter_again = world.record(source="call", phone="139", name="李晓雨", birthdate="1999-01-01")
    nobody = world.record(source="pos", phone="139")
    report = run(engine, world)
    assert groups(engine) == {
        frozenset({mother, mother_again}),
        frozenset({daughter, daughter_again}),
        frozenset({nobody}),
    }
    assert conflicts(engine) == {"names_differ": [sorted(world.parties)]}
    assert report.conflicts == {"names_differ": 1}
    (conflict,) = read(engine, "conflict")
    assert conflict["customers"] == [mother, daughter, nobody]
    assert conflict["token"] == token_of("phone", "139")
    (phone, *_) = {
        row["persons"] for row in read(engine, "identifier") if row["id_type"] == "phone"
    }
    assert phone == 3


def test_different_birthdates_contradict_even_without_names(engine, world):
    world.record(clinic="c1", his_no="1", phone="139", birthdate="1960-02-02")
    world.record(clinic="c2", his_no="2", phone="139", birthdate="1990-03-03")
    run(engine, world)
    assert len(groups(engine)) == 2
    assert set(conflicts(engine)) == {"birthdates_differ"}


def test_same_name_with_different_birthdates_is_for_review(engine, world):
    world.record(clinic="c1", his_no="1", phone="139", name="王芳", birthdate="1960-02-02")
    world.record(clinic="c2", his_no="2", phone="139", name="王芳", birthdate="1990-03-03")
    run(engine, world)
    assert len(groups(engine)) == 2
    assert set(conflicts(engine)) == {"birthdates_differ"}


def test_twins_on_one_phone_are_for_review(engine, world):
    world.record(his_no="1", phone="139", name="李大双", birthdate="1990-03-03")
    world.record(his_no="2", phone="139", name="李小双", birthdate="1990-03-03")
    run(engine, world)
    assert len(groups(engine)) == 2
    assert set(conflicts(engine)) == {"names_differ"}


def test_same_phone_and_birthdate_join_although_others_share_the_phone(engine, world):
    a = world.record(clinic="c1", his_no="1", phone="139", birthdate="1990-03-03")
    b = world.record(clinic="c2", his_no="1", phone="139", birthdate="1990-03-03")
    c = world.record(clinic="c1", his_no="2", phone="139", birthdate="1960-03-03")
    run(engine, world)
    assert groups(engine) == {frozenset({a, b}), frozenset({c})}


def test_placeholder_names_neither_confirm_nor_contradict(engine, world):
    """Messy case 5: 李女士 is no name."""
    a = world.record(clinic="c1", his_no="1", phone="139", name=("李女士", "placeholder"))
    b = world.record(clinic="c2", his_no="2", phone="139", name="李晓雨")
    run(engine, world)
    assert together(engine, a, b)


def test_a_person_with_several_names_agrees_by_any_of_them(engine, world):
    a = world.record(clinic="c1", his_no="1", phone="139", name=["李晓雨", "李小雨"])
    b = world.record(clinic="c2", his_no="2", phone="139", name=["李小雨", "李雨"])
    run(engine, world)
    assert together(engine, a, b)


def test_a_record_with_the_names_of_two_persons_joins_neither(engine, world):
    """A list keyed by the phone, or an account that one opened and the other uses."""
    mother = world.record(clinic="c1", his_no="1", phone="139", name="王桂兰")
    mother_again = world.record(clinic="c2", his_no="1", phone="139", name="王桂兰")
    daughter = world.record(clinic="c1", his_no="2", phone="139", name="李晓雨")
    both = world.record(source="crm", clinic=None, phone="139", name=["王桂兰", "李晓雨"])
    run(engine, world)
    assert groups(engine) == {
        frozenset({mother, mother_again}),
        frozenset({daughter}),
        frozenset({both}),
    }
    assert conflicts(engine) == {"names_differ": [sorted(world.parties)]}


def test_two_birthdates_on_one_record_do_not_make_two_persons_one(engine, world):
    a = world.record(clinic="c1", his_no="1", phone="139", name="王芳", birthdate="1960-02-02")
    b = world.record(clinic="c2", his_no="2", phone="139", name="王芳", birthdate="1990-03-03")
    both = world.record(
        source="crm", phone="139", name="王芳", birthdate=["1960-02-02", "1990-03-03"]
    )
    run(engine, world)
    assert groups(engine) == {frozenset({party}) for party in (a, b, both)}
    assert set(conflicts(engine)) == {"birthdates_differ"}


def test_a_list_with_all_names_behind_a_desk_phone_does_not_hide_that_they_are_many(engine, world):
    names = ["王芳", "李娜", "张敏", "刘静", "陈晨", "杨洋", "赵雪", "黄莺"]
    for number, name in enumerate(names):
        world.record(clinic=f"c{number % 3}", his_no=str(number), phone="139", name=name)
    world.record(source="mini", clinic=None, openid="o", phone="139", name="王芳")
    world.record(source="crm", clinic=None, phone="139", name=names)
    run(engine, world)
    assert len(groups(engine)) == 10
    assert conflicts(engine) == {"shared_by_many": [sorted(world.parties)]}


def test_persons_with_one_birthdate_and_other_names_are_many(engine, world):
    for number, name in enumerate(["王芳", "李娜", "张敏", "刘静"]):
        at = {"clinic": f"c{number}", "his_no": "1"}
        world.record(**at, phone="139", name=name, birthdate="1990-03-03")
    world.record(source="call", phone="139", name="王芳")
    run(engine, world)
    assert len(groups(engine)) == 5
    assert set(conflicts(engine)) == {"shared_by_many"}


def test_a_verified_phone_does_not_join_other_names(engine, world):
    """It shows who held the phone at that moment, not that the holders are one person."""
    for number, name in enumerate(["王桂兰", "李晓雨"]):
        at = {"clinic": f"c{number}", "his_no": "1"}
        world.record(**at, phone="139", name=name, verified={"phone"})
    run(engine, world)
    assert len(groups(engine)) == 2
    assert set(conflicts(engine)) == {"names_differ"}


def test_a_record_without_a_name_does_not_chain_two_phones_of_two_persons(engine, world):
    a = world.record(clinic="c1", his_no="1", phone="139", name="王桂兰")
    b = world.record(source="wecom", external_userid="w", phone=["139", "138"])
    c = world.record(clinic="c2", his_no="2", phone="138", name="李晓雨")
    run(engine, world)
    assert groups(engine) == {frozenset({a}), frozenset({b}), frozenset({c})}
    assert sorted(conflicts(engine)["names_differ"]) == [[a, b], [b, c]]


def test_a_longer_chain_of_phones_does_not_join_two_persons(engine, world):
    world.record(clinic="c1", his_no="1", phone="139", name="王桂兰")
    world.record(source="wecom", external_userid="v", phone=["139", "138"])
    world.record(source="wecom", external_userid="w", phone=["138", "137"])
    world.record(clinic="c2", his_no="2", phone="137", name="李晓雨")
    run(engine, world)
    assert len(groups(engine)) == 4
    assert set(conflicts(engine)) == {"names_differ"}


def test_names_that_came_by_one_contact_do_not_open_another(engine, world):
    """The e-mail joins a and b by a name that c does not have."""
    a = world.record(clinic="c1", his_no="1", email="x@y.cn", phone="139", name="王芳")
    b = world.record(clinic="c2", his_no="2", email="x@y.cn", name=["王芳", "李娜"])
    c = world.record(clinic="c3", his_no="3", phone="139", name="李娜")
    run(engine, world)
    assert groups(engine) == {frozenset({a, b}), frozenset({c})}
    assert set(conflicts(engine)) == {"names_differ"}


def test_a_staff_phone_joins_nothing_not_even_equal_names(engine, world):
    """Messy case 3: a phone behind more than three persons never joins."""
    names = ["王芳", "李娜", "张敏", "刘静", "王芳"]
    for number, name in enumerate(names):
        world.record(his_no=str(number), phone="139", name=name)
    run(engine, world)
    assert len(groups(engine)) == 5
    assert conflicts(engine) == {"shared_by_many": [sorted(world.parties)]}
    assert read(engine, "link") == []


def test_four_files_without_names_behind_a_phone_are_many(engine, world):
    for number in range(4):
        world.record(clinic=f"c{number}", his_no="1", phone="139")
    run(engine, world)
    assert len(groups(engine)) == 4
    assert set(conflicts(engine)) == {"shared_by_many"}


def test_files_without_names_do_not_part_a_family_that_is_told_apart_by_names(engine, world):
    a = world.record(clinic="c1", his_no="1", phone="139", name="王桂兰")
    b = world.record(clinic="c2", his_no="1", phone="139", name="王桂兰")
    c = world.record(clinic="c1", his_no="2", phone="139", name="李晓雨")
    d = world.record(clinic="c1", his_no="3", phone="139")
    e = world.record(clinic="c1", his_no="4", phone="139")
    run(engine, world)
    assert groups(engine) == {frozenset({a, b}), *(frozenset({alone}) for alone in (c, d, e))}
    assert conflicts(engine) == {"shared_by_many": [sorted(world.parties)]}
    assert {row["party_id"] for row in read(engine, "link")} == {a, b}


def test_one_person_with_accounts_in_many_sources_is_not_many(engine, world):
    a = world.record(clinic="c1", his_no="1", phone="139", name="王小明")
    b = world.record(clinic="c2", his_no="7", phone="139", name="王小明")
    c = world.record(source="wecom", external_userid="w", phone="139")
    d = world.record(source="mall", openid="o", phone="139")
    e = world.record(source="soyoung", platform_uid="p", phone="139", name=("王**", "masked"))
    f = world.record(source="call", phone="139")
    run(engine, world)
    assert together(engine, a, b, c, d, e, f)


def test_two_id_cards_never_meet_whatever_else_is_shared(engine, world):
    a = world.record(his_no="1", id_card="A", unionid="u", phone="139", name="王芳")
    b = world.record(his_no="2", id_card="B", unionid="u", phone="139", name="王芳")
    c = world.record(his_no="3", id_card="A", unionid="u")
    run(engine, world)
    assert groups(engine) == {frozenset({a, c}), frozenset({b})}
    assert set(conflicts(engine)) == {"id_cards_differ"}


def test_two_id_cards_do_not_meet_through_a_chain(engine, world):
    a = world.record(his_no="1", id_card="A", phone="139")
    b = world.record(source="mall", openid="o", phone=["139", "138"])
    c = world.record(his_no="2", id_card="B", phone="138")
    run(engine, world)
    assert groups(engine) == {frozenset({a}), frozenset({b}), frozenset({c})}
    assert conflicts(engine) == {"id_cards_differ": [[a, b], [b, c]]} or conflicts(engine) == {
        "id_cards_differ": [[b, c], [a, b]]
    }


def test_a_record_with_two_id_cards_is_listed_and_draws_no_third(engine, world):
    a = world.record(his_no="1", id_card=["A", "B"])
    b = world.record(clinic="c2", his_no="1", id_card="A")
    c = world.record(clinic="c3", his_no="1", id_card="C", unionid="u")
    d = world.record(clinic="c4", his_no="1", id_card="B", unionid="u")
    run(engine, world)
    assert groups(engine) == {frozenset({a, b, d}), frozenset({c})}
    assert set(conflicts(engine)) == {"two_id_cards", "id_cards_differ"}
    assert conflicts(engine)["two_id_cards"] == [[a], [a]]


def test_a_union_id_behind_many_files_of_one_clinic_is_for_review(engine, world):
    for number in range(9):
        world.record(his_no=str(number), unionid="nobody")
    run(engine, world)
    assert len(groups(engine)) == 9
    assert conflicts(engine) == {"too_many_records": [sorted(world.parties)]}


def test_a_customer_may_have_files_in_any_number_of_clinics(engine, world):
    for number in range(30):
        world.record(clinic=f"c{number}", his_no="1", unionid="u")
    run(engine, world)
    assert len(groups(engine)) == 1


def test_records_without_usable_identifiers_are_customers(engine, world):
    a = world.record(source="survey", name=("小美", "placeholder"))
    run(engine, world)
    assert together(engine, a)
    assert run(engine, world).customers == 1


def test_an_empty_warehouse_resolves_to_nothing(engine, world):
    report = run(engine, world)
    assert (report.parties, report.customers, report.links) == (0, 0, {})
