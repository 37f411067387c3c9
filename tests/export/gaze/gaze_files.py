"""Small recordings in the formats of real trackers."""

TX300_HEADER = (
    "Time", "LEyePos3dx", "LEyePos3dy", "LEyePos3dz", "LEyePos3dRelx", "LEyePos3dRely",
    "LEyePos3dRelz", "LGazePos2dx", "LGazePos2dy", "LGazePos3dx", "LGazePos3dy", "LGazePos3dz",
    "LPupilDm", "LValidity", "REyePos3dx", "REyePos3dy", "REyePos3dz", "REyePos3dRelx",
    "REyePos3dRely", "REyePos3dRelz", "RGazePos2dx", "RGazePos2dy", "RGazePos3dx",
    "RGazePos3dy", "RGazePos3dz", "RPupilDm", "RValidity", "RelTimestamp",
)  # fmt: skip


def tx300_row(
    time: object, left: tuple[object, object, int], right: tuple[object, object, int]
) -> str:
    values: dict[str, object] = dict.fromkeys(TX300_HEADER, "0.0000")
    values["Time"] = time
    for side, (x, y, code) in (("L", left), ("R", right)):
        values[f"{side}GazePos2dx"], values[f"{side}GazePos2dy"] = x, y
        values[f"{side}Validity"] = code
        values[f"{side}EyePos3dz"] = "0.0000" if code == 4 else "610.0000"
    return "\t".join(str(values[name]) for name in TX300_HEADER)


LOST = ("-1.0000", "-1.0000", 4)


PRO_LAB_HEADER = (
    "Recording timestamp [μs]", "Sensor", "Event", "Recording resolution width",
    "Recording resolution height", "Gaze point left X [DACS px]", "Gaze point left Y [DACS px]",
    "Gaze point right X [DACS px]", "Gaze point right Y [DACS px]", "Validity left",
    "Validity right", "Eye position left Z [DACS mm]", "Eye position right Z [DACS mm]",
)  # fmt: skip

PRO_LAB_ROWS = (
    ("0", "", "RecordingStart", "1920", "1080", "", "", "", "", "", "", "", ""),
    ("1000", "Eye Tracker", "", "1920", "1080", "960", "540", "970", "560", "Valid", "Valid",
     "600", "610"),
    ("2500", "Mouse", "", "1920", "1080", "", "", "", "", "", "", "", ""),
    ("9333", "Eye Tracker", "", "1920", "1080", "", "", "100,5", "200,25", "Invalid", "Valid",
     "", "620,5"),
    ("17667", "Eye Tracker", "", "1920", "1080", "", "", "", "", "Invalid", "Invalid", "", ""),
)  # fmt: skip


def pro_lab_text(
    header: tuple[str, ...] = PRO_LAB_HEADER, rows: tuple[tuple[str, ...], ...] = PRO_LAB_ROWS
) -> str:
    return "".join("\t".join(row) + "\n" for row in (header, *rows))


EYELINK = """\
** CONVERTED FROM scan.edf using edfapi 4.2.1 Linux
** DATE: Mon Jun 21 10:00:53 2021
** TYPE: EDF_FILE BINARY EVENT SAMPLE TAGGED
** VERSION: EYELINK II 1
** SOURCE: EYELINK CL
** EYELINK II CL v5.15 Jan 24 2018
** CAMERA: Eyelink GL Version 1.2 Sensor=AH7
** SERIAL NUMBER: CLG-XXX00
** CAMERA_CONFIG: XXX00200.SCD
**

MSG\t1000 DISPLAY_COORDS 0 0 1919 1079
MSG\t1001 RECCFG CR 1000 2 1 LR
MSG\t1001 GAZE_COORDS 0.00 0.00 1919.00 1079.00
START\t1005 \tLEFT\tRIGHT\tSAMPLES\tEVENTS
PRESCALER\t1
VPRESCALER\t1
PUPIL\tAREA
EVENTS\tGAZE\tLEFT\tRIGHT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
SAMPLES\tGAZE\tLEFT\tRIGHT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
1005\t  960.0\t  540.0\t  288.0\t  970.0\t  560.0\t  305.0\t.....
1006\t  961.0\t  541.0\t  288.0\t  971.0\t  561.0\t  306.0\t.....
1007\t   .\t   .\t    0.0\t  972.0\t  562.0\t  307.0\t.C...
1008\t   .\t   .\t    0.0\t   .\t   .\t    0.0\t.C.C.
1009\t  964.0\t  544.0\t  288.0\t  974.0\t  564.0\t  307.0\t.....
END\t1010 \tSAMPLES\tEVENTS\tRES\t  40.00\t  40.00
START\t1100 \tLEFT\tRIGHT\tSAMPLES\tEVENTS
PRESCALER\t1
VPRESCALER\t1
PUPIL\tAREA
EVENTS\tGAZE\tLEFT\tRIGHT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
SAMPLES\tGAZE\tLEFT\tRIGHT\tRATE\t1000.00\tTRACKING\tCR\tFILTER\t2
1100\t  100.0\t  200.0\t  288.0\t  110.0\t  220.0\t  305.0\t.....
1101\t  101.0\t  201.0\t  288.0\t  111.0\t  221.0\t  306.0\t.....
END\t1102 \tSAMPLES\tEVENTS\tRES\t  40.00\t  40.00
"""


DISPLAY_AND_IMAGE = """[display]
width_px = 1920
height_px = 1080
pixel_pitch_mm = 0.25
viewing_distance_mm = 600
[image]
x = 0
y = 0
width = 1920
height = 1080
"""
